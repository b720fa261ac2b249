"""Every option of an instance's table in `instances.toml`: what it takes, and what comes of it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ghes_packages.config.regions import Endpoint
from ghes_packages.config.values import (
    OWN,
    SSE_KMS,
    SSE_S3,
    Account,
    BucketName,
    Cidrs,
    Encryption,
    NewBucketName,
    Option,
    PolicyArn,
    PreviousAccessKey,
    Region,
    Release,
    RoleArn,
    RoleArns,
    RulePack,
    RulePacks,
    StorageClass,
    Tags,
    VpcEndpoints,
    in_words,
)


class Options(BaseModel):
    """The options of one GHES instance, each by itself: which do not go together, `combinations` says. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    account: Annotated[
        Account | None,
        Option(
            allowed='twelve digits in quotes, such as "111122223333", together with region',
            consequence="The AWS account of the stack; without it, the account of whoever deploys.",
        ),
    ] = None
    region: Annotated[
        Region | None,
        Option(
            allowed='the name of an AWS region in quotes, such as "us-west-2", together with account',
            consequence="The region of the stack and its bucket; without it, the region of whoever deploys.",
        ),
    ] = None
    profile: Annotated[
        Annotated[str, StringConstraints(min_length=1)] | None,
        Option(
            allowed='the name of a profile in your AWS config file, in quotes, such as "production"; with account and'
            " region",
            consequence="The commands sign in with it; without it, with AWS_PROFILE. `cdk` does not read it: see"
            " docs/many-instances.md.",
        ),
    ] = None
    role_arn: Annotated[
        RoleArn | None,
        Option(
            allowed="the ARN of an IAM role in quotes, in the account and the partition of the instance; with account"
            " and region",
            consequence="The commands assume it with what they sign in with; without it, that alone must do."
            " `cdk` does not read it.",
        ),
    ] = None
    ghes_version: Annotated[
        Release | None,
        Option(
            allowed='a GHES release in quotes, major and minor, such as "3.17"',
            consequence="Which fields `settings` shows: 2.22 asks for the region too, later releases do not.",
        ),
    ] = None
    access_key: Annotated[
        int,
        Field(ge=1),
        Option(
            allowed="a whole number, 1 at first, one more with each rotation",
            consequence="Which generation of the access key GHES uses, or is to use next. See docs/rotation.md.",
        ),
    ] = 1
    previous_access_key: Annotated[
        PreviousAccessKey | None,
        Field(strict=False),
        Option(
            allowed=in_words(PreviousAccessKey) + "; only and always with access_key above 1",
            consequence="What becomes of the generation before: it works, it does not, it is gone.",
        ),
    ] = None
    encryption: Annotated[
        Encryption,
        Option(
            allowed='"s3", "kms", or the ARN of a KMS key in quotes, in the account and region of the instance;'
            " with both",
            consequence='With "kms" the stack makes a key for bucket and secret: who reads packages then needs the key'
            " too, and KMS costs. With an ARN, the owner of the key must let the user in: see docs/encryption.md."
            " Objects that are there keep the encryption that they have.",
        ),
    ] = SSE_S3
    access_logs: Annotated[
        BucketName,
        Option(
            allowed='"own", or the name of a bucket in the same account and region that takes access logs',
            consequence="Where S3 logs who reads and writes packages: in a bucket of the stack, or below the stack's"
            " name in a central one, whose policy must allow it.",
        ),
    ] = OWN
    allowed_cidrs: Annotated[
        Cidrs,
        Option(
            allowed='a list of public address ranges, such as ["203.0.113.0/24"]',
            consequence="From elsewhere the access key reads and writes no object. Clients fetch packages from S3"
            " themselves, so the addresses of end users must be in it, not only those of GHES. What comes through a VPC"
            " endpoint has no public address: see allowed_vpc_endpoints.",
        ),
    ] = ()
    allowed_vpc_endpoints: Annotated[
        VpcEndpoints,
        Option(
            allowed='a list of IDs of VPC endpoints for S3, such as ["vpce-0123456789abcdef0"]',
            consequence="The access key reads and writes objects through these endpoints, and from the addresses in"
            " allowed_cidrs if there are any; from elsewhere none. GHES and all clients must reach S3 in one of these"
            " ways: see docs/security.md, Addresses.",
        ),
    ] = ()
    permissions_boundary: Annotated[
        PolicyArn | None,
        Option(
            allowed="the ARN of an IAM policy in quotes, one of the instance's own account, none of AWS's",
            consequence="The user's permissions boundary, instead of the policy with the seven actions. It must allow"
            " these; what it allows beyond them is no longer held back. The roles of replication have no boundary.",
        ),
    ] = None
    tags: Annotated[
        Tags,
        Option(
            allowed='a table of text, such as { cost-center = "1234" }',
            consequence="On every resource that takes tags.",
        ),
    ] = Field(default_factory=dict)
    secret_readers: Annotated[
        RoleArns,
        Option(
            allowed="a list of ARNs of IAM roles; those of another account only with a KMS key",
            consequence="They can read the secret, and so act as GHES: roles of later set-up steps. They must exist"
            " before the deploy. One of another account needs `secretsmanager:GetSecretValue` and `kms:Decrypt` in its"
            " own policy too.",
        ),
    ] = ()
    noncurrent_days: Annotated[
        int,
        Field(ge=1, le=36500),
        Option(
            allowed="a whole number of days, 1 to 36500",
            consequence="How long a deleted or overwritten package can be brought back, and is paid for.",
        ),
    ] = 30
    storage_class: Annotated[
        StorageClass,
        Field(strict=False),
        Option(
            allowed=in_words(StorageClass),
            consequence='With "intelligent-tiering" S3 moves packages to S3 Intelligent-Tiering, also those that are'
            " there already. What nobody reads for 30 days costs less there, and less again after 90; GHES reads it at"
            " once, as before. Objects of less than 128 KB stay in S3 Standard. AWS bills each move, and the monitoring"
            " of what was moved: see docs/costs.md. It stays there if the option is taken back.",
        ),
    ] = StorageClass.STANDARD
    replica_region: Annotated[
        Region | None,
        Option(
            allowed="the name of another AWS region of the same partition in quotes; with account and region",
            consequence="A second stack there holds a replica of every package from then on: it costs storage and"
            " transfer. See docs/replica.md for the day that it is needed.",
        ),
    ] = None
    bucket_name: Annotated[
        NewBucketName | None,
        Option(
            allowed='3 to 63 lower-case letters, digits and hyphens in quotes, such as "example-packages"',
            consequence="The name of the bucket; without it, AWS chooses one. It is unique in all of AWS, so the bucket"
            " can never be replaced under it, and a stack of the same name cannot be made beside it.",
        ),
    ] = None
    existing_bucket: Annotated[
        BucketName | None,
        Option(
            allowed="the name of a bucket in the account and region of the instance, without dots: TLS does not work"
            " with them",
            consequence="The stack makes user, key, secret and outputs for it, and touches nothing on the bucket;"
            " `verify` says which promises it does not keep.",
        ),
    ] = None
    endpoint: Annotated[
        Endpoint,
        Field(strict=False),
        Option(
            allowed=in_words(Endpoint) + "; the last two with region",
            consequence="The AWS Service URL, where S3 has such an endpoint: FIPS 140 validated cryptography, or IPv6"
            " beside IPv4. GitHub documents the standard form only: try another one on a staging server first.",
        ),
    ] = Endpoint.STANDARD
    rule_packs: Annotated[
        RulePacks,
        Option(
            allowed="a list of " + in_words(RulePack),
            consequence="What `cdk synth` holds the instance to, besides this project's own guardrails. See"
            " examples/regulated.toml.",
        ),
    ] = (RulePack.AWS_SOLUTIONS,)

    @property
    def restricted_by(self) -> tuple[str, ...]:
        """The options that say from where the access key may read and write objects; none if it may from everywhere."""
        return tuple(key for key in ("allowed_cidrs", "allowed_vpc_endpoints") if getattr(self, key))

    @property
    def key_arn(self) -> str | None:
        """The KMS key that the instance names, if it names one."""
        return self.encryption if self.encryption not in (SSE_S3, SSE_KMS) else None


OPTIONS: Mapping[str, Option] = {
    key: option
    for key, field in Options.model_fields.items()
    for option in field.metadata
    if isinstance(option, Option)
}
