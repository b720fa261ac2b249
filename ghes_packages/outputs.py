"""The contract between the deployed stack and everything that comes after it: its outputs and its secret."""

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class Outputs(BaseModel):
    """The outputs of a stack. The aliases are the output keys; they never change. Titles are the console's labels."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    service_url: str = Field(
        alias="AwsServiceUrl",
        title="AWS Service URL",
        description="Management Console, Packages, AWS Service URL",
    )
    bucket: str = Field(
        alias="AwsS3Bucket",
        title="AWS S3 Bucket",
        description="Management Console, Packages, AWS S3 Bucket",
    )
    region: str = Field(
        alias="AwsS3Region",
        title="AWS S3 Region",
        description="Management Console, Packages, AWS S3 Region (GHES 2.22 only)",
    )
    access_key: str = Field(
        alias="AwsS3AccessKey",
        title="AWS S3 Access Key",
        description="Management Console, Packages, AWS S3 Access Key",
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


class PackagesSecret(BaseModel):
    """The JSON in the secret. Its keys never change."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    access_key_id: str
    secret_access_key: SecretStr
    bucket: str
    service_url: str
    region: str
