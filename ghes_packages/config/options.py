"""Every option of an instance's table in `instances.toml`: what it takes, and what follows from it."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ghes_packages.config import values
from ghes_packages.config.regions import Endpoint
from ghes_packages.config.values import Option, in_words


def _option(*, allowed: str, consequence: str, **field: Any) -> Any:
    return Field(title=allowed, description=consequence, **field)


class Options(BaseModel):
    """The options of one GHES instance, each by itself: which do not go together, `combinations` says. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # No option, but the heading of the table: it comes first because the default of another one needs it.
    name: values.InstanceName
    account: values.Account | None = _option(
        default=None,
        allowed='twelve digits in quotes, such as "111122223333"; together with region',
        consequence="The AWS account of the stack. Without it: the account of your credentials.",
    )
    region: values.Region | None = _option(
        default=None,
        allowed='the name of an AWS region in quotes, such as "us-west-2"; together with account',
        consequence="The region of the stack and its bucket. Without it: the region of your AWS settings.",
    )
    profile: Annotated[str, StringConstraints(min_length=1)] | None = _option(
        default=None,
        allowed='the name of a profile in your AWS config file, in quotes, such as "production"; with account and'
        " region",
        consequence="The commands sign in with this profile. Without it: with AWS_PROFILE. `cdk` does not use"
        " it: see docs/many-instances.md.",
    )
    role_arn: values.RoleArn | None = _option(
        default=None,
        allowed="the ARN of an IAM role in quotes, in the account and the partition of the instance; with account"
        " and region",
        consequence="After sign-in, the commands assume this role. `cdk` does not use it.",
    )
    execution_role_arn: values.RoleArn | None = _option(
        default=None,
        allowed="the ARN of an IAM role in quotes that CloudFormation can assume, in the account of the instance;"
        " with account and region, without bootstrap",
        consequence="CloudFormation creates the resources with this role. To deploy, you need `iam:PassRole` for"
        " it, and no permissions for the resources. See docs/deploying.md.",
    )
    bootstrap: values.Bootstrap = _option(
        default=False,
        allowed='true, or the qualifier of your bootstrap in quotes, such as "acme"',
        consequence="`cdk` deploys through the roles of `cdk bootstrap`. Without it: with your own credentials,"
        " and the account needs no preparation. See docs/deploying.md.",
    )
    stack_name: values.StackName = _option(
        default_factory=lambda options: f"{values.STACK_NAME_PREFIX}{options['name']}",
        allowed="the name of a CloudFormation stack in quotes: letters, digits and hyphens, a letter first, at most"
        f" {values.LONGEST_STACK_NAME} characters",
        consequence="The name of the stack, if something else chooses it, such as a StackSet. A stack cannot be"
        " renamed: another name creates another stack.",
    )
    ghes_version: values.Release | None = _option(
        default=None,
        allowed='a GHES release in quotes, major and minor, such as "3.17"',
        consequence="Selects the fields that `settings` prints. GHES 2.22 also asks for the region; later"
        " releases do not.",
    )
    access_key: int = _option(
        default=1,
        ge=1,
        allowed="a whole number, 1 at first, one more with each rotation",
        consequence="The generation of the access key that GHES uses, or will use next. See docs/rotation.md.",
    )
    previous_access_key: values.PreviousAccessKey | None = _option(
        default=None,
        strict=False,
        allowed=in_words(values.PreviousAccessKey) + "; only and always with access_key above 1",
        consequence="The state of the previous generation: active, inactive or deleted.",
    )
    encryption: values.Encryption = _option(
        default=values.SSE_S3,
        allowed='"s3", "kms", or the ARN of a KMS key in quotes, in the account and region of the instance; with both',
        consequence='With "kms", the stack creates a KMS key for the bucket and the secret. Reading a package then'
        " requires permission to use the key, and AWS bills KMS. With an ARN, the policy of that key must allow"
        " the user: see docs/encryption.md. Existing objects keep their encryption.",
    )
    access_logs: values.BucketName = _option(
        default=values.OWN,
        allowed='"own", or the name of a bucket for access logs in the same account and region',
        consequence="Where S3 writes the access logs of the packages bucket: to a bucket of the stack, or to a"
        " central bucket, under the name of the stack. The policy of a central bucket must allow this.",
    )
    allowed_cidrs: values.Cidrs = _option(
        default=(),
        allowed='a list of public address ranges, such as ["203.0.113.0/24"]',
        consequence="From other addresses the access key cannot read or write objects. Clients fetch packages"
        " directly from S3, so include the addresses of end users, not only those of GHES. A request through a"
        " VPC endpoint has no public address: see allowed_vpc_endpoints.",
    )
    allowed_vpc_endpoints: values.VpcEndpoints = _option(
        default=(),
        allowed='a list of IDs of VPC endpoints for S3, such as ["vpce-0123456789abcdef0"]',
        consequence="The access key reads and writes objects only through these endpoints, or from the addresses"
        " in allowed_cidrs. GHES and all clients must reach S3 in one of these ways: see docs/security.md,"
        " Addresses.",
    )
    permissions_boundary: values.PolicyArn | None = _option(
        default=None,
        allowed="the ARN of a customer managed IAM policy in quotes, in the account of the instance",
        consequence="The permissions boundary of the user, instead of the policy with the seven actions. It must"
        " allow the seven actions. Anything else it allows is no longer blocked. The replication roles have no"
        " boundary.",
    )
    tags: values.Tags = _option(
        default_factory=dict,
        allowed='a table of text, such as { cost-center = "1234" }',
        consequence="The tags of every resource that supports tags.",
    )
    secret_readers: values.RoleArns = _option(
        default=(),
        allowed="a list of ARNs of IAM roles; those of another account only with a KMS key",
        consequence="These roles can read the secret, and so act as GHES. They must exist before the deploy. A"
        " role of another account also needs `secretsmanager:GetSecretValue` and `kms:Decrypt` in its own policy.",
    )
    noncurrent_days: int = _option(
        default=30,
        ge=1,
        le=36500,
        allowed="a whole number of days, 1 to 36500",
        consequence="The number of days for which you can restore a deleted or overwritten package. AWS bills its"
        " storage for that time.",
    )
    storage_class: values.StorageClass = _option(
        default=values.StorageClass.STANDARD,
        strict=False,
        allowed=in_words(values.StorageClass),
        consequence='With "intelligent-tiering", S3 moves all packages to S3 Intelligent-Tiering, including'
        " existing ones. Unread packages cost less after 30 days, and even less after 90. GHES reads them at once,"
        " as before. Objects below 128 KB stay in S3 Standard. AWS bills each move and the monitoring: see"
        " docs/costs.md. Moved packages stay there if you remove the option.",
    )
    replica_region: values.Region | None = _option(
        default=None,
        allowed="the name of another AWS region of the same partition in quotes; with account and region",
        consequence="A second stack in that region holds a replica of every new package. AWS bills its storage and"
        " the transfer. See docs/replica.md.",
    )
    bucket_name: values.NewBucketName | None = _option(
        default=None,
        allowed='3 to 63 lower-case letters, digits and hyphens in quotes, such as "example-packages"',
        consequence="The name of the bucket. Without it: AWS chooses one. Bucket names are unique in all of AWS."
        " So the bucket cannot be replaced, and no second stack can use the name.",
    )
    existing_bucket: values.BucketName | None = _option(
        default=None,
        allowed="the name of a bucket in the account and region of the instance, without dots, which break TLS",
        consequence="The stack creates user, key, secret and outputs for this bucket, and does not change the"
        " bucket. `verify` reports which promises the bucket does not keep.",
    )
    endpoint: Endpoint = _option(
        default=Endpoint.STANDARD,
        strict=False,
        allowed=in_words(Endpoint) + "; the last two with region",
        consequence="The form of the AWS Service URL: with FIPS 140 validated cryptography, or with IPv4 and IPv6."
        " GitHub documents only the standard form: try the others on a staging server first.",
    )
    rule_packs: values.RulePacks = _option(
        default=(values.RulePack.AWS_SOLUTIONS,),
        allowed="a list of " + in_words(values.RulePack),
        consequence="The rule packs that `cdk synth` runs on the instance, besides this project's own guardrails."
        " See examples/regulated.toml.",
    )

    @property
    def restricted_by(self) -> tuple[str, ...]:
        """The options that say from where the access key may read and write objects; none if it may from everywhere."""
        return tuple(key for key in ("allowed_cidrs", "allowed_vpc_endpoints") if getattr(self, key))

    @property
    def key_arn(self) -> str | None:
        """The KMS key that the instance names, if it names one."""
        return self.encryption if self.encryption not in (values.SSE_S3, values.SSE_KMS) else None


OPTIONS: Mapping[str, Option] = {
    key: Option(str(field.title), str(field.description))
    for key, field in Options.model_fields.items()
    if key != "name"
}
