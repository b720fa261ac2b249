"""Options that do not go together, and why: one function for each reason, in the order in which they are told."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ghes_packages.options import SSE_KMS, SSE_S3
from ghes_packages.regions import Endpoint, partition_of, regions_with

if TYPE_CHECKING:
    from ghes_packages.instance import Instance

Reasons = Iterator[str]

LONGEST_STACK_NAME = 128


def refused(instance: "Instance") -> Reasons:
    """Why the options of an instance do not go together; nothing if they do."""
    for rule in RULES:
        yield from rule(instance)


def _account_and_region_together(instance: "Instance") -> Reasons:
    if (instance.account is None) != (instance.region is None):
        given, missing = ("region", "account") if instance.account is None else ("account", "region")
        yield f"{given} without {missing}; set both, or leave both out for the account and region of whoever deploys"


def _signed_in_where_cdk_deploys(instance: "Instance") -> Reasons:
    for key in ("profile", "role_arn"):
        if instance.account is None and (value := getattr(instance, key)):
            yield (
                f'{key} = "{value}" without account and region: cdk does not read {key}, and could deploy elsewhere'
                " than the commands look; set account and region"
            )


def _a_key_where_the_stack_is(instance: "Instance") -> Reasons:
    if instance.account is None and instance.key_arn:
        yield (
            f'encryption = "{instance.key_arn}" without account and region: whose key it is cannot be told; set account'
            " and region"
        )


def _arns_where_the_stack_is(instance: "Instance") -> Reasons:
    if instance.account is None or instance.region is None:
        return
    here = (partition_of(instance.region), instance.account)
    for key in ("role_arn", "permissions_boundary", "key_arn"):
        if arn := getattr(instance, key):
            _, partition, _, region, account, _ = arn.split(":")
            if (partition, account) != here or region not in ("", instance.region):
                yield (
                    f'{key.replace("key_arn", "encryption")} = "{arn}" is in account {account} of {partition}'
                    f"{region and f', {region}'}, and the instance is in account {here[1]} of {here[0]},"
                    f" {instance.region}; name one of there"
                )


def _previous_access_key_from_the_second_on(instance: "Instance") -> Reasons:
    if instance.access_key > 1 and instance.previous_access_key is None:
        yield (
            f"access_key = {instance.access_key} without previous_access_key; say what becomes of access key"
            f' {instance.access_key - 1}: "active", "inactive" or "deleted"'
        )
    if instance.access_key == 1 and instance.previous_access_key is not None:
        yield (
            f'previous_access_key = "{instance.previous_access_key}" with access_key = 1, which has none before it;'
            " leave it out, or raise access_key to 2"
        )


def _endpoint_where_s3_has_it(instance: "Instance") -> Reasons:
    if instance.endpoint is Endpoint.STANDARD:
        return
    if instance.region is None:
        yield (
            f'endpoint = "{instance.endpoint}" without region, and not every region has such an endpoint of S3;'
            " set account and region, or leave endpoint out"
        )
    for key in ("region", "replica_region"):
        region = getattr(instance, key)
        if region and region not in (having := regions_with(instance.endpoint)):
            partition = partition_of(region)
            having_here = ", ".join(sorted(each for each in having if partition_of(each) == partition))
            yield (
                f'endpoint = "{instance.endpoint}" with {key} = "{region}", where the pinned botocore knows no'
                f" such endpoint of S3; leave it out; in {partition} they are in: {having_here or 'no region'}"
            )


def _addresses_of_both_versions(instance: "Instance") -> Reasons:
    dual_stack = instance.endpoint is Endpoint.DUALSTACK
    if dual_stack and instance.allowed_cidrs and not any(":" in cidr for cidr in instance.allowed_cidrs):
        yield (
            f'allowed_cidrs without an IPv6 range with endpoint = "{instance.endpoint}", where clients that have IPv6'
            " come with it, and would be refused; add their ranges, or leave endpoint out"
        )


def _readers_that_can_read(instance: "Instance") -> Reasons:
    for arn in instance.secret_readers:
        _, partition, _, _, account, _ = arn.split(":")
        if instance.region is None:
            yield (
                f'secret_readers = ["{arn}"] without account and region: whether a role is of another account decides'
                " whether it can read the secret; set both"
            )
        elif partition != partition_of(instance.region):
            yield f'secret_readers = ["{arn}"] is of partition {partition}: no role can reach into another partition'
        elif account != instance.account and instance.encryption == SSE_S3:
            yield (
                f'secret_readers = ["{arn}"] is of another account, which can read no secret that is encrypted with'
                ' the key of AWS; set encryption = "kms", or name a role of the account'
            )


def _replica_somewhere_else(instance: "Instance") -> Reasons:
    if instance.replica_region is None:
        return
    if instance.region is None:
        yield (
            f'replica_region = "{instance.replica_region}" without account and region: the two stacks must know of'
            " each other; set both"
        )
    elif instance.replica_region == instance.region:
        yield f'replica_region = "{instance.replica_region}" is the region of the instance; name another one'
    elif partition_of(instance.replica_region) != (partition := partition_of(instance.region)):
        yield (
            f'replica_region = "{instance.replica_region}" is not in partition {partition}, and S3 does not replicate'
            " into another one; name a region of it"
        )
    if instance.replica and (beyond := len(instance.replica.stack_name) - LONGEST_STACK_NAME) > 0:
        yield (
            f'replica_region = "{instance.replica_region}" with the stack name {instance.replica.stack_name} for the'
            f" replica, and CloudFormation takes {LONGEST_STACK_NAME} characters; take {beyond} off the instance's name"
        )
    if instance.key_arn:
        yield (
            f'replica_region with encryption = "{instance.key_arn}": a key is in one region, and the replica needs one'
            ' too; set encryption = "kms", which makes one in each'
        )


def _nothing_about_a_bucket_that_is_there(instance: "Instance") -> Reasons:
    if instance.existing_bucket is None:
        return
    about_the_bucket = ("access_logs", "noncurrent_days", "replica_region", "bucket_name")
    defaults = type(instance).model_fields
    set_though = [key for key in about_the_bucket if getattr(instance, key) != defaults[key].default]
    if instance.encryption == SSE_KMS:
        set_though.append("encryption")
    if set_though:
        yield (
            f'{", ".join(set_though)} with existing_bucket = "{instance.existing_bucket}": the stack touches nothing on'
            f" a bucket that is there; leave out {', '.join(set_though)}, and set it on the bucket yourself"
            + ("; the secret can have a key by its ARN" if instance.encryption == SSE_KMS else "")
        )


def _logs_somewhere_else(instance: "Instance") -> Reasons:
    if instance.access_logs == instance.bucket_name:
        yield f'access_logs = "{instance.access_logs}" is bucket_name too: a bucket that logs to itself never ends'


RULES: tuple[Callable[["Instance"], Reasons], ...] = (
    _account_and_region_together,
    _signed_in_where_cdk_deploys,
    _a_key_where_the_stack_is,
    _arns_where_the_stack_is,
    _previous_access_key_from_the_second_on,
    _endpoint_where_s3_has_it,
    _addresses_of_both_versions,
    _readers_that_can_read,
    _replica_somewhere_else,
    _nothing_about_a_bucket_that_is_there,
    _logs_somewhere_else,
)
