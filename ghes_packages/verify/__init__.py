"""`verify`: does the storage work, is it as private as promised, and if not, why?"""

from collections.abc import Callable

from ghes_packages.config.instance import Instance
from ghes_packages.live import aws, deployed
from ghes_packages.live.aws import S3_CONFIG
from ghes_packages.verify.clients import key_clients
from ghes_packages.verify.key_checks import KeyChecks
from ghes_packages.verify.patience import Patience
from ghes_packages.verify.probe_objects import ProbeObjects
from ghes_packages.verify.promises import Promises
from ghes_packages.verify.replica_checks import replica_checks
from ghes_packages.verify.report import Report, make


def verify(
    instance: Instance, announce: Callable[[str], None], *, previous: bool = False, patience: float = 30.0
) -> Report:
    """Make every check, and remove what they wrote, also when interrupted.

    `announce` is told each check before it is made. `previous` tries the access key before the newest one.
    What is checked is what is deployed: one check says where `instances.toml` differs from it.
    `patience` is for how many seconds in all it waits for a key or a bucket that is new to AWS. Raises what `deployed`
    raises, and AwsSaidNo when AWS cannot be reached any more.
    """
    session = aws.session(instance)
    stack = deployed.read(instance, session)
    secret = deployed.read_secret(stack.outputs, session)
    tried = deployed.read_secret(stack.outputs, session, previous=True) if previous else secret
    parts = deployed.parts(instance, stack.outputs, session)
    configured, instance = instance, deployed.as_deployed(instance, session)
    with aws.explained():
        s3 = session.client("s3", config=S3_CONFIG)
        clients = key_clients(tried, stack.outputs, s3, instance.profile)
        promises = Promises(instance, session, stack, parts)
        noncurrent_days = None if instance.existing_bucket else instance.noncurrent_days
        with ProbeObjects(stack.outputs.bucket, noncurrent_days, s3, clients.s3) as probes:
            key = KeyChecks(instance, clients, probes, Patience(patience, announce))
            checks = [
                *key.can(),
                *key.cannot(parts.log_bucket or instance.central_log_bucket, stack.outputs),
                *promises.of_the_packages_bucket(),
                *promises.of_the_log_bucket(),
                *promises.of_the_kms_key(),
                *promises.of_the_user(configured),
                *promises.of_the_secret(secret),
                *replica_checks(instance, session, stack, parts),
                probes.removed(),
            ]
            return Report(instance.name, tuple(make(checks, announce)))
