"""`verify`: does the storage work, is it as private as promised, and if not, why?"""

from collections.abc import Callable

from ghes_packages import aws, deployed
from ghes_packages.aws import CONFIG, S3_CONFIG
from ghes_packages.bucket_settings import log_delivery_statement
from ghes_packages.instance import Instance
from ghes_packages.lifecycle import ACCESS_LOGS
from ghes_packages.lifecycle import packages as lifecycle_of_packages
from ghes_packages.verify.bucket_checks import BucketChecks
from ghes_packages.verify.clients import key_clients
from ghes_packages.verify.key_checks import KeyChecks
from ghes_packages.verify.probe_objects import ProbeObjects
from ghes_packages.verify.report import Report, make
from ghes_packages.verify.user_checks import UserChecks

PACKAGES_BUCKET = "The packages bucket"
LOG_BUCKET = "The bucket of its access logs"


def verify(
    instance: Instance, announce: Callable[[str], None], *, previous: bool = False, patience: float = 30.0
) -> Report:
    """Make every check, and remove what they wrote, also when interrupted.

    `announce` is told each check before it is made. `previous` tries the access key before the newest one.
    `patience` is for how many seconds a key that AWS does not know yet is tried again. Raises what `deployed` raises,
    and AwsSaidNo when AWS cannot be reached any more.
    """
    session = aws.session(instance)
    stack = deployed.read(instance, session)
    secret = deployed.read_secret(stack.outputs, session)
    tried = deployed.read_secret(stack.outputs, session, previous=True) if previous else secret
    parts = deployed.parts(instance, stack.outputs, session)
    with aws.explained():
        s3 = session.client("s3", config=S3_CONFIG)
        clients = key_clients(tried, stack.outputs, s3, instance.profile)
        bucket, log_bucket = stack.outputs.bucket, parts.log_bucket
        bucket_arn, log_bucket_arn = stack.bucket_arn(bucket), stack.bucket_arn(log_bucket)
        log_delivery = log_delivery_statement(log_bucket_arn, bucket_arn, stack.account)
        packages = BucketChecks(PACKAGES_BUCKET, s3, bucket, bucket_arn, lifecycle_of_packages(instance))
        logs = BucketChecks(LOG_BUCKET, s3, log_bucket, log_bucket_arn, ACCESS_LOGS, (log_delivery,))
        user = UserChecks(session.client("iam", config=CONFIG), stack, secret, parts.group, parts.policy_arn)
        with ProbeObjects(bucket, instance.noncurrent_days, operator_s3=s3, key_s3=clients.s3) as probes:
            key = KeyChecks(clients, probes, patience)
            checks = [
                *key.can(),
                *key.cannot(log_bucket, stack.outputs),
                *packages.checks(),
                packages.logged_to(log_bucket),
                *logs.checks(),
                *user.checks(),
                probes.removed(),
            ]
            return Report(instance.name, tuple(make(checks, announce)))
