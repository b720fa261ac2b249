"""Options that do not go together, and why: a function for each reason, in the order of RULES."""

from collections.abc import Callable, Iterator

from ghes_packages.config.options import Options
from ghes_packages.config.regions import Endpoint, partition_of, regions_with
from ghes_packages.config.values import MOST_CHARACTERS_OF_ADDRESSES, SSE_KMS, SSE_S3

Reasons = Iterator[str]


def _account_and_region_together(options: Options) -> Reasons:
    if (options.account is None) != (options.region is None):
        given, missing = ("region", "account") if options.account is None else ("account", "region")
        yield f"{given} without {missing}; set both, or leave both out to use those of your AWS settings"


# Why each of these options needs to know where the stack is.
NEEDS_A_PLACE = {
    "profile": "cdk does not use profile, and could deploy to another account or region than the commands check; set"
    " account and region",
    "role_arn": "cdk does not use role_arn, and could deploy to another account or region than the commands check;"
    " set account and region",
    "execution_role_arn": "the account of the role cannot be checked; set account and region",
    "key_arn": "the account of the key cannot be checked; set account and region",
    "secret_readers": "it cannot be checked whether the role is in another account, which needs a KMS key; set both",
    "replica_region": "the two stacks refer to each other; set both",
}


def _account_and_region_where_they_decide(options: Options) -> Reasons:
    for key, why in NEEDS_A_PLACE.items():
        if options.account is None and (value := getattr(options, key)):
            shown = f'"{value}"' if isinstance(value, str) else f'["{value[0]}"]'
            yield f"{_key(key)} = {shown} without account and region: {why}"


def _key(name: str) -> str:
    """The option, of which `key_arn` is a value."""
    return name.replace("key_arn", "encryption")


def _one_execution_role(options: Options) -> Reasons:
    if options.bootstrap and options.execution_role_arn:
        yield (
            f'execution_role_arn = "{options.execution_role_arn}" with bootstrap, which has its own execution role;'
            " leave one of the two out"
        )


def _arns_where_the_stack_is(options: Options) -> Reasons:
    if options.account is None or options.region is None:
        return
    here = (partition_of(options.region), options.account)
    for key in ("role_arn", "execution_role_arn", "permissions_boundary", "key_arn"):
        if arn := getattr(options, key):
            _, partition, _, region, account, _ = arn.split(":")
            if (partition, account) != here or region not in ("", options.region):
                yield (
                    f'{_key(key)} = "{arn}" is in account {account} of {partition}'
                    f"{region and f', {region}'}, and the instance is in account {here[1]} of {here[0]},"
                    f" {options.region}; name one from there"
                )


def _previous_access_key_from_the_second_on(options: Options) -> Reasons:
    if options.access_key > 1 and options.previous_access_key is None:
        yield (
            f"access_key = {options.access_key} without previous_access_key; set the state of access key"
            f' {options.access_key - 1}: "active", "inactive" or "deleted"'
        )
    if options.access_key == 1 and options.previous_access_key is not None:
        yield (
            f'previous_access_key = "{options.previous_access_key}" with access_key = 1, which has no previous key;'
            " leave it out, or raise access_key to 2"
        )


def _endpoint_where_s3_has_it(options: Options) -> Reasons:
    if options.endpoint is Endpoint.STANDARD:
        return
    if options.region is None:
        yield (
            f'endpoint = "{options.endpoint}" without region, and not every region has such an S3 endpoint;'
            " set account and region, or leave endpoint out"
        )
    for key in ("region", "replica_region"):
        region = getattr(options, key)
        if region and region not in (having := regions_with(options.endpoint)):
            partition = partition_of(region)
            having_here = ", ".join(sorted(each for each in having if partition_of(each) == partition))
            yield (
                f'endpoint = "{options.endpoint}" with {key} = "{region}", where the pinned botocore knows no'
                f" such S3 endpoint; leave it out; regions of {partition} with one: {having_here or 'none'}"
            )


def _addresses_of_both_versions(options: Options) -> Reasons:
    dual_stack = options.endpoint is Endpoint.DUALSTACK
    if dual_stack and options.allowed_cidrs and not any(":" in cidr for cidr in options.allowed_cidrs):
        yield (
            f'allowed_cidrs without an IPv6 range with endpoint = "{options.endpoint}": S3 would refuse clients that'
            " use IPv6; add their ranges, or leave endpoint out"
        )


def _room_in_the_policy(options: Options) -> Reasons:
    allowed = (*options.allowed_cidrs, *options.allowed_vpc_endpoints)
    if (characters := sum(len(f'"{each}",') for each in allowed)) > MOST_CHARACTERS_OF_ADDRESSES:
        yield (
            f"{', '.join(options.restricted_by)} with {characters} characters in the policy of the user, which has room"
            f" for {MOST_CHARACTERS_OF_ADDRESSES}; merge neighbouring ranges, or name fewer endpoints"
        )


def _readers_that_can_read(options: Options) -> Reasons:
    if options.region is None:
        return
    for arn in options.secret_readers:
        _, partition, _, _, account, _ = arn.split(":")
        if partition != partition_of(options.region):
            yield f'secret_readers = ["{arn}"] is in partition {partition}: a role cannot access another partition'
        elif account != options.account and options.encryption == SSE_S3:
            yield (
                f'secret_readers = ["{arn}"] is in another account, which cannot read a secret encrypted with the AWS'
                ' managed key; set encryption = "kms", or name a role of the same account'
            )


def _replica_somewhere_else(options: Options) -> Reasons:
    if options.replica_region is None or options.region is None:
        return
    if options.replica_region == options.region:
        yield f'replica_region = "{options.replica_region}" is the region of the instance; name another one'
    elif partition_of(options.replica_region) != (partition := partition_of(options.region)):
        yield (
            f'replica_region = "{options.replica_region}" is not in partition {partition}, and S3 does not replicate'
            f" to another partition; name a region of {partition}"
        )
    if options.key_arn:
        yield (
            f'replica_region with encryption = "{options.key_arn}": a key is in one region, and the replica needs its'
            ' own; set encryption = "kms", which creates one in each region'
        )


def _nothing_about_a_bucket_that_is_there(options: Options) -> Reasons:
    if options.existing_bucket is None:
        return
    about_the_bucket = ("access_logs", "noncurrent_days", "storage_class", "replica_region", "bucket_name")
    defaults = type(options).model_fields
    set_though = [key for key in about_the_bucket if getattr(options, key) != defaults[key].default]
    if options.encryption == SSE_KMS:
        set_though.append("encryption")
    if set_though:
        yield (
            f'{", ".join(set_though)} with existing_bucket = "{options.existing_bucket}": the stack does not change an'
            f" existing bucket; leave out {', '.join(set_though)}, and set it on the bucket yourself"
            + ("; for the secret, set encryption to the ARN of a key" if options.encryption == SSE_KMS else "")
        )


def _logs_somewhere_else(options: Options) -> Reasons:
    if options.access_logs == options.bucket_name:
        yield f'access_logs = "{options.access_logs}" is also bucket_name: a bucket must not log to itself'


RULES: tuple[Callable[[Options], Reasons], ...] = (
    _account_and_region_together,
    _one_execution_role,
    _account_and_region_where_they_decide,
    _arns_where_the_stack_is,
    _previous_access_key_from_the_second_on,
    _endpoint_where_s3_has_it,
    _addresses_of_both_versions,
    _room_in_the_policy,
    _readers_that_can_read,
    _replica_somewhere_else,
    _nothing_about_a_bucket_that_is_there,
    _logs_somewhere_else,
)
