"""`verify`: does the storage work, is it as private as promised, and if not, why?"""

from collections.abc import Callable
from functools import partial

from ghes_packages.config.instance import Instance
from ghes_packages.interruption import Stop, in_thread
from ghes_packages.live import aws, deployed
from ghes_packages.live.aws import S3_CONFIG
from ghes_packages.verify import replica_checks
from ghes_packages.verify.clients import key_clients
from ghes_packages.verify.key_checks import KeyChecks
from ghes_packages.verify.patience import Patience
from ghes_packages.verify.probe_objects import ProbeObjects
from ghes_packages.verify.promises import Promises
from ghes_packages.verify.report import AT_ONCE, Report, make


def verify(
    instance: Instance,
    announce: Callable[[str], None],
    *,
    previous: bool = False,
    patience: float = 30.0,
    stop: Stop | None = None,
    at_once: int = AT_ONCE,
) -> Report:
    """Make every check, so many at once, and remove what they wrote, also when told to stop.

    `announce` is told each check before it is made. `previous` tries the access key before the newest one.
    What is checked is what is deployed: one check says where `instances.toml` differs from it.
    `patience` is for how many seconds in all it waits for a key or a bucket that is new to AWS. Raises what `deployed`
    raises, AwsRefused when AWS cannot be reached any more, and Interrupted.
    """
    stop = stop or Stop()
    session = stop.result(in_thread(partial(aws.session, instance)))
    reading = in_thread(partial(deployed.read, instance, session))
    resources = in_thread(partial(deployed.resources, instance, session))
    options = in_thread(partial(deployed.as_deployed, instance, session))
    replica = in_thread(lambda: replica_checks.read(stop.result(options)))
    stack = stop.result(reading)
    read_secret = partial(deployed.read_secret, stack.outputs, session)
    newest = in_thread(read_secret)
    one_tried = in_thread(partial(read_secret, previous=True)) if previous else newest
    secret, tried = stop.result(newest), stop.result(one_tried)
    parts = deployed.parts(instance, stack.outputs, stop.result(resources))
    configured, instance = instance, stop.result(options)
    there = stop.result(replica)
    with aws.explained():
        clients = key_clients(tried, stack.outputs, session)
        promises = Promises(instance, session, stack, parts)
        noncurrent_days = None if instance.existing_bucket else instance.noncurrent_days
        with ProbeObjects(
            stack.outputs.bucket, noncurrent_days, session.client("s3", config=S3_CONFIG), clients.s3
        ) as probes:
            key = KeyChecks(instance, clients, probes, Patience(patience, announce, stop.sleep))
            with_the_key = [
                *key.can(),
                *key.cannot(parts.log_bucket or instance.central_log_bucket, stack.outputs),
            ]
            checks = [
                *with_the_key,
                *promises.of_the_packages_bucket(),
                *promises.of_the_log_bucket(),
                *promises.of_the_kms_key(),
                *promises.of_the_user(configured),
                *promises.of_the_secret(secret),
                *(there.checks(session, stack, parts) if there else ()),
                probes.removed(after=with_the_key),
            ]
            return Report(instance.name, make(checks, announce, stop, at_once))
