"""Every option of an instance's table in `instances.toml`: what it takes, and what follows from it."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ghes_packages.config.regions import Endpoint
from ghes_packages.config.values import (
    LONGEST_STACK_NAME,
    OWN,
    SSE_KMS,
    SSE_S3,
    STACK_NAME_PREFIX,
    Account,
    Bootstrap,
    BucketName,
    Cidrs,
    Encryption,
    InstanceName,
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
    StackName,
    StorageClass,
    Tags,
    VpcEndpoints,
    in_words,
)


class Options(BaseModel):
    """The options of one GHES instance, each by itself: which do not go together, `combinations` says. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # No option, but the heading of the table: it comes first because the default of another one needs it.
    name: InstanceName
    account: Annotated[
        Account | None,
        Option(
            allowed='twelve digits in quotes, such as "111122223333"; together with region',
            consequence="The AWS account of the stack. Without it: the account of your credentials.",
        ),
    ] = None
    region: Annotated[
        Region | None,
        Option(
            allowed='the name of an AWS region in quotes, such as "us-west-2"; together with account',
            consequence="The region of the stack and its bucket. Without it: the region of your AWS settings.",
        ),
    ] = None
    profile: Annotated[
        Annotated[str, StringConstraints(min_length=1)] | None,
        Option(
            allowed='the name of a profile in your AWS config file, in quotes, such as "production"; with account and'
            " region",
            consequence="The commands sign in with this profile. Without it: with AWS_PROFILE. `cdk` does not use"
            " it: see docs/many-instances.md.",
        ),
    ] = None
    role_arn: Annotated[
        RoleArn | None,
        Option(
            allowed="the ARN of an IAM role in quotes, in the account and the partition of the instance; with account"
            " and region",
            consequence="After sign-in, the commands assume this role. `cdk` does not use it.",
        ),
    ] = None
    execution_role_arn: Annotated[
        RoleArn | None,
        Option(
            allowed="the ARN of an IAM role in quotes that CloudFormation can assume, in the account of the instance;"
            " with account and region, without bootstrap",
            consequence="CloudFormation creates the resources with this role. To deploy, you need `iam:PassRole` for"
            " it, and no permissions for the resources. See docs/deploying.md.",
        ),
    ] = None
    bootstrap: Annotated[
        Bootstrap,
        Option(
            allowed='true, or the qualifier of your bootstrap in quotes, such as "acme"',
            consequence="`cdk` deploys through the roles of `cdk bootstrap`. Without it: with your own credentials,"
            " and the account needs no preparation. See docs/deploying.md.",
        ),
    ] = False
    stack_name: Annotated[
        StackName,
        Option(
            allowed="the name of a CloudFormation stack in quotes: letters, digits and hyphens, a letter first, at most"
            f" {LONGEST_STACK_NAME} characters",
            consequence="The name of the stack, if something else chooses it, such as a StackSet. A stack cannot be"
            " renamed: another name creates another stack.",
        ),
    ] = Field(default_factory=lambda options: f"{STACK_NAME_PREFIX}{options['name']}")
    ghes_version: Annotated[
        Release | None,
        Option(
            allowed='a GHES release in quotes, major and minor, such as "3.17"',
            consequence="Selects the fields that `settings` prints. GHES 2.22 also asks for the region; later"
            " releases do not.",
        ),
    ] = None
    access_key: Annotated[
        int,
        Field(ge=1),
        Option(
            allowed="a whole number, 1 at first, one more with each rotation",
            consequence="The generation of the access key that GHES uses, or will use next. See docs/rotation.md.",
        ),
    ] = 1
    previous_access_key: Annotated[
        PreviousAccessKey | None,
        Field(strict=False),
        Option(
            allowed=in_words(PreviousAccessKey) + "; only and always with access_key above 1",
            consequence="The state of the previous generation: active, inactive or deleted.",
        ),
    ] = None
    encryption: Annotated[
        Encryption,
        Option(
            allowed='"s3", "kms", or the ARN of a KMS key in quotes, in the account and region of the instance;'
            " with both",
            consequence='With "kms", the stack creates a KMS key for the bucket and the secret. Reading a package then'
            " requires permission to use the key, and AWS bills KMS. With an ARN, the policy of that key must allow"
            " the user: see docs/encryption.md. Existing objects keep their encryption.",
        ),
    ] = SSE_S3
    access_logs: Annotated[
        BucketName,
        Option(
            allowed='"own", or the name of a bucket for access logs in the same account and region',
            consequence="Where S3 writes the access logs of the packages bucket: to a bucket of the stack, or to a"
            " central bucket, under the name of the stack. The policy of a central bucket must allow this.",
        ),
    ] = OWN
    allowed_cidrs: Annotated[
        Cidrs,
        Option(
            allowed='a list of public address ranges, such as ["203.0.113.0/24"]',
            consequence="From other addresses the access key cannot read or write objects. Clients fetch packages"
            " directly from S3, so include the addresses of end users, not only those of GHES. A request through a"
            " VPC endpoint has no public address: see allowed_vpc_endpoints.",
        ),
    ] = ()
    allowed_vpc_endpoints: Annotated[
        VpcEndpoints,
        Option(
            allowed='a list of IDs of VPC endpoints for S3, such as ["vpce-0123456789abcdef0"]',
            consequence="The access key reads and writes objects only through these endpoints, or from the addresses"
            " in allowed_cidrs. GHES and all clients must reach S3 in one of these ways: see docs/security.md,"
            " Addresses.",
        ),
    ] = ()
    permissions_boundary: Annotated[
        PolicyArn | None,
        Option(
            allowed="the ARN of a customer managed IAM policy in quotes, in the account of the instance",
            consequence="The permissions boundary of the user, instead of the policy with the seven actions. It must"
            " allow the seven actions. Anything else it allows is no longer blocked. The replication roles have no"
            " boundary.",
        ),
    ] = None
    tags: Annotated[
        Tags,
        Option(
            allowed='a table of text, such as { cost-center = "1234" }',
            consequence="The tags of every resource that supports tags.",
        ),
    ] = Field(default_factory=dict)
    secret_readers: Annotated[
        RoleArns,
        Option(
            allowed="a list of ARNs of IAM roles; those of another account only with a KMS key",
            consequence="These roles can read the secret, and so act as GHES. They must exist before the deploy. A"
            " role of another account also needs `secretsmanager:GetSecretValue` and `kms:Decrypt` in its own policy.",
        ),
    ] = ()
    noncurrent_days: Annotated[
        int,
        Field(ge=1, le=36500),
        Option(
            allowed="a whole number of days, 1 to 36500",
            consequence="The number of days for which you can restore a deleted or overwritten package. AWS bills its"
            " storage for that time.",
        ),
    ] = 30
    storage_class: Annotated[
        StorageClass,
        Field(strict=False),
        Option(
            allowed=in_words(StorageClass),
            consequence='With "intelligent-tiering", S3 moves all packages to S3 Intelligent-Tiering, including'
            " existing ones. Unread packages cost less after 30 days, and even less after 90. GHES reads them at once,"
            " as before. Objects below 128 KB stay in S3 Standard. AWS bills each move and the monitoring: see"
            " docs/costs.md. Moved packages stay there if you remove the option.",
        ),
    ] = StorageClass.STANDARD
    replica_region: Annotated[
        Region | None,
        Option(
            allowed="the name of another AWS region of the same partition in quotes; with account and region",
            consequence="A second stack in that region holds a replica of every new package. AWS bills its storage and"
            " the transfer. See docs/replica.md.",
        ),
    ] = None
    bucket_name: Annotated[
        NewBucketName | None,
        Option(
            allowed='3 to 63 lower-case letters, digits and hyphens in quotes, such as "example-packages"',
            consequence="The name of the bucket. Without it: AWS chooses one. Bucket names are unique in all of AWS."
            " So the bucket cannot be replaced, and no second stack can use the name.",
        ),
    ] = None
    existing_bucket: Annotated[
        BucketName | None,
        Option(
            allowed="the name of a bucket in the account and region of the instance, without dots, which break TLS",
            consequence="The stack creates user, key, secret and outputs for this bucket, and does not change the"
            " bucket. `verify` reports which promises the bucket does not keep.",
        ),
    ] = None
    endpoint: Annotated[
        Endpoint,
        Field(strict=False),
        Option(
            allowed=in_words(Endpoint) + "; the last two with region",
            consequence="The form of the AWS Service URL: with FIPS 140 validated cryptography, or with IPv4 and IPv6."
            " GitHub documents only the standard form: try the others on a staging server first.",
        ),
    ] = Endpoint.STANDARD
    rule_packs: Annotated[
        RulePacks,
        Option(
            allowed="a list of " + in_words(RulePack),
            consequence="The rule packs that `cdk synth` runs on the instance, besides this project's own guardrails."
            " See examples/regulated.toml.",
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
