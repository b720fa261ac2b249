"""A stack as this project writes it: where in its template the parts stand that options change."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ghes_packages.config.regions import known_partitions
from ghes_packages.outputs import Outputs, ReplicaOutputs
from ghes_packages.template.assembly import Stack
from ghes_packages.template.grants import Grant, grants, own_name
from ghes_packages.template.rendering import Names, at, rendered

# The outputs that name a part, of an instance and of the stack with its replica.
OF_BUCKET, OF_SERVICE_URL, OF_REGION = (
    tuple(str(outputs.model_fields[name].alias) for outputs in (Outputs, ReplicaOutputs))
    for name in ("bucket", "service_url", "region")
)
REGION_OF_THE_CALLER = "${AWS::Region}"
OF_USER, OF_SECRET = (str(Outputs.model_fields[name].alias) for name in ("user_name", "secret_key_reference"))


@dataclass(frozen=True, eq=False)
class WrittenStack:
    """A stack, and what its resources are called. A part that it does not have, or not as expected, is None."""

    stack: Stack
    called: Names

    @cached_property
    def bucket(self) -> str | None:
        """The logical ID of the bucket with the packages, or with their replica."""
        return self._referred("AWS::S3::Bucket", self.output(*OF_BUCKET))

    @cached_property
    def log_bucket(self) -> str | None:
        """The logical ID of the stack's own bucket for the access logs."""
        return self._referred(
            "AWS::S3::Bucket", self.property(self.bucket, "LoggingConfiguration", "DestinationBucketName")
        )

    @cached_property
    def user(self) -> str | None:
        """The logical ID of the user that GHES signs in as."""
        return self._referred("AWS::IAM::User", self.output(OF_USER))

    @cached_property
    def secret(self) -> str | None:
        """The logical ID of the secret with the access key."""
        return self._referred("AWS::SecretsManager::Secret", self.output(OF_SECRET))

    @property
    def buckets(self) -> list[str]:
        """The logical IDs of the two buckets, as far as the stack makes them."""
        return [each for each in (self.bucket, self.log_bucket) if each]

    @cached_property
    def kms_keys(self) -> set[str | None]:
        """The ARNs of the keys that bucket and secret are encrypted with; None for a key that AWS keeps."""
        return set(self._kms_keys())

    @cached_property
    def own_key(self) -> str | None:
        """The logical ID of the stack's own KMS key, where bucket and secret are encrypted with it."""
        keys = [each for each in self.stack.of_type("AWS::KMS::Key") if self.kms_keys == {self.arn(each)}]
        return keys[0] if keys else None

    @cached_property
    def aliases(self) -> dict[str, str]:
        """The ARN of the key that an alias stands for, by the logical ID of the alias."""
        return {each: str(self.property(each, "TargetKeyId")) for each in self.stack.of_type("AWS::KMS::Alias")}

    @cached_property
    def grants(self) -> Collection[Grant]:
        """Every grant and every denial of its resources."""
        return grants(self.stack.resources, self.called)

    @property
    def region(self) -> str:
        """The region of the stack as the template writes it: a reference where it is that of whoever deploys."""
        return str(self.output(*OF_REGION))

    @property
    def account(self) -> str:
        """The account of the stack as the template writes it; it is a reference together with the region."""
        account = self.stack.place["account"]
        return account if account and self.region != REGION_OF_THE_CALLER else "${AWS::AccountId}"

    def reference(self, logical_id: str) -> str:
        """How the template refers to a resource of its own."""
        return own_name(logical_id, self.called)

    def arn(self, logical_id: str) -> str:
        """How the template refers to the ARN of a resource of its own."""
        return f"{self.reference(logical_id).removesuffix('}')}.Arn}}"

    def property(self, logical_id: str | None, *path: str) -> Any:
        """What stands at the path in the properties of a resource, rendered; None for nothing."""
        return at(self._properties.get(logical_id), *path)

    def output(self, *keys: str) -> Any:
        """The value of the first of these outputs that there is, rendered; None where there is none."""
        return next((value for key in keys if (value := at(self._outputs, key, "Value")) is not None), None)

    @cached_property
    def bucket_arns(self) -> list[str]:
        """How a policy may write the ARN of the bucket with the packages, also of one that the stack does not make."""
        partitions = ("${AWS::Partition}", *sorted(known_partitions()))
        existing = [f"arn:{each}:s3:::{self.output(OF_BUCKET[0])}" for each in partitions]
        return [self.arn(self.bucket)] if self.bucket else existing

    def policies_of(self, bucket: str) -> list[str]:
        """The logical IDs of the policies of a bucket."""
        policies = self.stack.of_type("AWS::S3::BucketPolicy")
        return [each for each in policies if self.property(each, "Bucket") == self.reference(bucket)]

    def role_of(self, bucket: str) -> str | None:
        """The logical ID of the role in which S3 replicates a bucket."""
        role = self.property(bucket, "ReplicationConfiguration", "Role")
        return next((each for each in self.stack.of_type("AWS::IAM::Role") if self.arn(each) == role), None)

    def replica_of(self, bucket: str | None, *path: str) -> Any:
        """What stands at the path in the one destination that a bucket is replicated to; None for nothing."""
        rules = self.property(bucket, "ReplicationConfiguration", "Rules")
        return at(rules[0], "Destination", *path) if isinstance(rules, list) and len(rules) == 1 else None

    @cached_property
    def _properties(self) -> dict[str | None, Any]:
        return {each: rendered(at(of, "Properties"), self.called) for each, of in self.stack.resources.items()}

    @cached_property
    def _outputs(self) -> Any:
        return rendered(self.stack.template.get("Outputs", {}), self.called)

    def _referred(self, kind: str, value: Any) -> str | None:
        return next((each for each in self.stack.of_type(kind) if self.reference(each) == value), None)

    def _kms_keys(self) -> Iterator[str | None]:
        if self.secret:
            key = self.property(self.secret, "KmsKeyId")
            yield None if key is None else str(key)
        if self.bucket:
            rules = self.property(self.bucket, "BucketEncryption", "ServerSideEncryptionConfiguration")
            default = at(rules[0], "ServerSideEncryptionByDefault") if isinstance(rules, list) and rules else rules
            match default:
                case {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": str(key)}:
                    named = [each for each in self.aliases if self.property(each, "AliasName") == key]
                    yield self.aliases[named[0]] if named else key
                case {"SSEAlgorithm": "AES256"}:
                    yield None
                case _:
                    yield f"none that this project sets: {default}"
