"""A template, rendered once: resources, outputs, policy statements and grants, with every intrinsic function as text.

The text is as `rendering` writes it: `${PackagesBucket3210E67E.Arn}/*`. A review gives the resources of both its
templates shorter names.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ghes_packages import logical_ids
from ghes_packages.config.regions import known_partitions, known_regions, partition_of
from ghes_packages.outputs import Outputs, ReplicaOutputs
from ghes_packages.policies.document import Statement, readable
from ghes_packages.template.grants import Grant, grants
from ghes_packages.template.rendering import Names, at, rendered

# How a template writes what host names end with in the partition of the stack.
DNS_SUFFIX = "${AWS::URLSuffix}"
_BUCKET_NAME = re.compile(r"[a-z0-9-]+")
_REFERENCE = re.compile(r"\$\{([^!.:}]+)[.}]")
# The outputs that name the bucket with the packages, or with their replica.
_OF_PACKAGES = tuple(str(each.model_fields["bucket"].alias) for each in (Outputs, ReplicaOutputs))


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource. `attributes` are what stands beside its type and properties, such as `DeletionPolicy`.

    `name` is what references to it are rendered with.
    """

    logical_id: str
    name: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, Any]

    @property
    def ref(self) -> str:
        """What a `Ref` to it is rendered as."""
        return f"${{{self.name}}}"

    @property
    def arn(self) -> str:
        """What an `Fn::GetAtt` of its ARN is rendered as."""
        return self.attribute("Arn")

    def attribute(self, name: str) -> str:
        """What an `Fn::GetAtt` of that attribute is rendered as."""
        return f"${{{self.name}.{name}}}"

    @property
    def whole(self) -> Mapping[str, Any]:
        """All that the template says of it."""
        return {**self.attributes, "Type": self.type, "Properties": self.properties}

    def at(self, *path: str) -> Any:
        """What stands at the path below its properties; None for nothing, the text of a function that hides it."""
        return at(self.properties, *path)

    def each(self, *path: str) -> list[tuple[str, Any]]:
        """Every value of the list at the path, or the one value there; each with its path below the resource."""
        value, whole = self.at(*path), ".".join(("Properties", *path))
        if isinstance(value, list):
            return [(f"{whole}.{number}", each) for number, each in enumerate(value)]
        return [] if value is None else [(whole, value)]

    def statements(self, document: str) -> list[tuple[str, Statement]]:
        """The statements of the policy document in that property; each with its path below the resource."""
        return [(path, readable(element)) for path, element in self.each(document, "Statement")]


@dataclass(frozen=True, eq=False)
class RenderedStack:
    """The template of a stack, and the account and region that it goes to, as far as they are known.

    `called` are the names of its resources by logical ID; a resource that is not in it is called by its logical ID.
    """

    template: Mapping[str, Any]
    account: str | None = None
    region: str | None = None
    called: Names = field(default_factory=dict)

    @cached_property
    def resources(self) -> Mapping[str, Resource]:
        """Its resources by logical ID."""
        written = _items(self.template, "Resources")
        return {logical_id: _resource(logical_id, each, self.called) for logical_id, each in written}

    @cached_property
    def outputs(self) -> Mapping[str, Mapping[str, Any]]:
        """Its outputs, such as `{"Value": …, "Description": …}`, by their keys."""
        outputs = {key: rendered(each, self.called) for key, each in _items(self.template, "Outputs")}
        return {key: each if isinstance(each, dict) else {"Value": each} for key, each in outputs.items()}

    @cached_property
    def other_sections(self) -> Mapping[str, Any]:
        """What the template says besides its resources and outputs."""
        others = self.template.keys() - {"Resources", "Outputs"}
        return {key: rendered(self.template[key], self.called) for key in sorted(others)}

    @cached_property
    def grants(self) -> frozenset[Grant]:
        """Every grant and every denial of its resources."""
        return frozenset(grants(self.resources.values()))

    def output(self, *keys: str) -> Any:
        """The value of the first of these outputs that there is; None where there is none."""
        return next((value for key in keys if (value := at(self.outputs.get(key), "Value")) is not None), None)

    def of_type(self, *types: str) -> list[Resource]:
        """Its resources of those types."""
        return [each for each in self.resources.values() if each.type in types]

    def named(self, reference: object) -> Resource | None:
        """The resource that a rendered `Ref` refers to."""
        return next((each for each in self.resources.values() if each.ref == reference), None)

    def with_arn(self, arn: object) -> Resource | None:
        """The resource that has that rendered ARN."""
        return next((each for each in self.resources.values() if each.arn == arn), None)

    def referred(self, value: Any) -> list[Resource]:
        """The resources that a rendered value refers to."""
        found = {name for _, text in texts(value) for name in _REFERENCE.findall(text)}
        return [each for each in self.resources.values() if each.name in found]

    @property
    def buckets(self) -> list[Resource]:
        """Its S3 buckets."""
        return self.of_type("AWS::S3::Bucket")

    def policies_of(self, bucket: Resource) -> list[Resource]:
        """The policies of one of its buckets."""
        return [each for each in self.of_type("AWS::S3::BucketPolicy") if each.at("Bucket") == bucket.ref]

    @cached_property
    def packages_bucket(self) -> Resource | None:
        """The bucket that holds the packages, or their replica: the one that the outputs name."""
        return next((each for each in self.buckets for key in _OF_PACKAGES if each.ref == self.output(key)), None)

    @cached_property
    def packages_arns(self) -> tuple[str, ...]:
        """How a policy can write the ARN of the bucket with the packages, also of one that the stack does not make."""
        if self.packages_bucket:
            return (self.packages_bucket.arn,)
        name = self.output(_OF_PACKAGES[0])
        existing = isinstance(name, str) and not self.buckets and _BUCKET_NAME.fullmatch(name)
        return tuple(f"arn:{partition}:s3:::{name}" for partition in self.partitions) if existing else ()

    @cached_property
    def log_bucket(self) -> Resource | None:
        """The bucket that has the access logs of the packages bucket; None where it is another stack's."""
        destination = self.packages_bucket and self.named(
            self.packages_bucket.at("LoggingConfiguration", "DestinationBucketName")
        )
        return None if destination is self.packages_bucket else destination

    @cached_property
    def user(self) -> Resource | None:
        """The IAM user that GHES signs in as: the first one."""
        return next(iter(self.of_type("AWS::IAM::User")), None)

    @cached_property
    def access_keys(self) -> Mapping[int, Resource]:
        """The access keys by generation; of two that say they are the same, always the same one."""
        keys = sorted(self.of_type("AWS::IAM::AccessKey"), key=lambda each: each.logical_id)
        return {number: each for each in keys if (number := logical_ids.generation(each.logical_id)) is not None}

    @cached_property
    def user_policies(self) -> list[Resource]:
        """The managed policies that are not for a role."""
        return [each for each in self.of_type("AWS::IAM::ManagedPolicy") if "Roles" not in each.properties]

    @cached_property
    def accounts(self) -> tuple[str, ...]:
        """How a template can write the account of the stack."""
        return ("${AWS::AccountId}", *filter(None, [self.account]))

    @cached_property
    def regions(self) -> tuple[str, ...]:
        """How a template can write the region of the stack."""
        return ("${AWS::Region}", *filter(None, [self.region]))

    @cached_property
    def partitions(self) -> tuple[str, ...]:
        """How a template can write the partition of the stack: where it is not known, any partition."""
        known = [partition_of(self.region)] if self.region in known_regions() else known_partitions()
        return ("${AWS::Partition}", *known)

    @cached_property
    def policy_arn(self) -> str:
        """A pattern for the ARNs of IAM policies of the stack's account; where that is not known, of any."""
        account = any_of(self.accounts) if self.account else r"(\$\{AWS::AccountId\}|[0-9]{12})"
        return f"arn:{any_of(self.partitions)}:iam::{account}:policy/.+"


def any_of(texts: Iterable[str]) -> str:
    """A pattern for any of the texts; of none, for nothing."""
    return f"({'|'.join(map(re.escape, texts)) or '(?!)'})"


def texts(value: Any, *path: str) -> Iterator[tuple[str, str]]:
    """Every text in a rendered value, with its path; keys are text too."""
    match value:
        case str():
            yield ".".join(path), value
        case list():
            for number, each in enumerate(value):
                yield from texts(each, *path, str(number))
        case dict():
            for key, each in value.items():
                yield ".".join(path), key
                yield from texts(each, *path, key)


def _resource(logical_id: str, written: Any, called: Names) -> Resource:
    parts = rendered(written, called)
    parts = dict(parts) if isinstance(parts, dict) else {}
    properties, kind = parts.pop("Properties", None), str(parts.pop("Type", ""))
    name = called.get(logical_id, logical_id)
    return Resource(logical_id, name, kind, properties if isinstance(properties, dict) else {}, parts)


def _items(template: Mapping[str, Any], section: str) -> Iterator[tuple[str, Any]]:
    content = template.get(section)
    yield from content.items() if isinstance(content, dict) else ()
