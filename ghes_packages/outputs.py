"""The contract between the deployed stack and everything that comes after it: its outputs and its secret."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ghes_packages.errors import FoundWrong


def _console_field(alias: str, label: str, note: str = "") -> Any:
    return Field(alias=alias, title=label, description=f"Management Console, Packages, {label}{note}")


class Outputs(BaseModel):
    """The outputs of a stack. The aliases are the output keys; they never change. Titles are the console's labels."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service_url: str = _console_field("AwsServiceUrl", "AWS Service URL")
    bucket: str = _console_field("AwsS3Bucket", "AWS S3 Bucket")
    region: str = _console_field("AwsS3Region", "AWS S3 Region", " (GHES 2.22 only)")
    access_key: str = _console_field("AwsS3AccessKey", "AWS S3 Access Key")
    previous_access_key: str | None = Field(
        default=None,
        alias="PreviousAwsS3AccessKey",
        title="Previous AWS S3 Access Key",
        description="The access key before AwsS3AccessKey, while there is one",
    )
    secret_key_reference: str = Field(
        alias="AwsS3SecretKeyReference",
        title="AWS S3 Secret Key",
        description="ARN of the Secrets Manager secret that holds the AWS S3 Secret Key",
    )
    user_name: str = Field(
        alias="IamUserName",
        title="IAM user",
        description="The IAM user that GHES signs in as",
    )

    @property
    def dns_suffix(self) -> str:
        """What host names end with in the partition of the stack."""
        return self.service_url.partition(f".{self.region}.")[2]

    def of_the_previous_key(self) -> Self:
        """The same, as they were with the access key before. Raises FoundWrong where there is none."""
        if self.previous_access_key is None:
            raise FoundWrong("there is no previous access key: the stack holds just one; leave out --previous")
        return self.model_copy(update={"access_key": self.previous_access_key, "previous_access_key": None})


class ReplicaOutputs(BaseModel):
    """The outputs of the stack that holds the replica. The aliases are the output keys; they never change."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    bucket: str = Field(alias="ReplicaS3Bucket", description="The bucket that holds the replica")
    access_logs: str = Field(
        alias="ReplicaAccessLogsS3Bucket", description="The bucket of its access logs, and those of the packages bucket"
    )
    region: str = Field(alias="ReplicaS3Region", description="The region of the replica")
    service_url: str = Field(alias="ReplicaServiceUrl", description="The AWS Service URL in the region of the replica")
    key_arn: str | None = Field(
        default=None, alias="ReplicaKeyArn", description="The KMS key of the replica, where the stack makes one"
    )


class PackagesSecret(BaseModel):
    """The JSON in the secret. Its keys never change."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_key_id: str
    secret_access_key: SecretStr
    bucket: str
    service_url: str
    region: str
