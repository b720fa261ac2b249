"""The settings of resources, before and after: a risk where a value is weaker than it was, a row where it only changes.

What no value may be, whatever it was before, the guardrails say.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import SecretStr

from ghes_packages.config.instance import Instance
from ghes_packages.guardrails.encrypted import ALGORITHMS
from ghes_packages.outputs import PackagesSecret
from ghes_packages.review.change import Change, Risk, Topic, identifier, shown
from ghes_packages.review.replacement import REPLACING
from ghes_packages.template.grants import PROPERTIES as COMPARED_BY_ACCESS
from ghes_packages.template.rendered import RenderedStack, Resource
from ghes_packages.template.rendering import at, in_words, listed

Read = Callable[[Any], Any]
# Whether the second value is weaker than the first.
Weakens = Callable[[Any, Any], bool]


# --- How to read a value from what stands in a template; None where nothing is set


def of_the_first(path: str) -> Read:
    """What stands at the path in the one rule of a list."""
    return lambda rules: at(rules[0], *path.split(".")) if isinstance(rules, list) and rules else rules


def least(*paths: str) -> Read:
    """The least of what stands at any of the paths in the lifecycle rules; text, such as a date, before numbers."""
    return lambda rules: min(_found(rules, paths), key=lambda each: (not isinstance(each, str), each), default=None)


def every(*paths: str) -> Read:
    """All that stands at any of the paths in the lifecycle rules."""
    return lambda rules: sorted(json.dumps(in_words(each), sort_keys=True) for each in _found(rules, paths)) or None


def _found(rules: Any, paths: tuple[str, ...]) -> list[Any]:
    if not isinstance(rules, list):
        return listed(rules)
    found = [at(rule, *path.split(".")) for rule in rules if at(rule, "Status") != "Disabled" for path in paths]
    return [each for each in found if each is not None]


def tags(value: Any) -> Any:
    """Tags as CloudFormation has them for most resources: a list of keys and values."""
    return sorted(f"{at(tag, 'Key')}={at(tag, 'Value')}" for tag in value) if isinstance(value, list) else value


def field(name: str) -> Read:
    """A field of the secret, or only that there is one where it is secret; None where there is no such field."""
    is_secret = PackagesSecret.model_fields[name].annotation is SecretStr

    def read(text: Any) -> Any:
        try:
            value = json.loads(text)[name]
        except (KeyError, RecursionError, TypeError, ValueError):
            return None
        return "set" if is_secret else value

    return read


# --- Which change of a value weakens it


def added(before: Any, after: Any) -> bool:
    """Better not set at all."""
    return after is not None


def given_up(before: Any, after: Any) -> bool:
    """Whatever is set must stay."""
    return before is not None


def lower(before: Any, after: Any) -> bool:
    """A number must not go down; nothing at all is more than any number."""
    if before is None or after is None:
        return after is not None
    try:
        return float(after) < float(before)
    except (OverflowError, TypeError, ValueError):
        return True


def down(*weakest_first: str) -> Weakens:
    """Must not move down this list."""
    return lambda before, after: before in weakest_first and after in weakest_first[: weakest_first.index(before)]


@dataclass(frozen=True)
class Setting:
    """One setting of a resource. `path` leads to it, with dots, from the properties, or from what is beside them.

    `weakens` says which change is a risk, and `why` what it hurts; without them none is, or a guardrail says which.
    A new resource may have no weaker value than `default`, if there is one.
    """

    topic: Topic
    path: str
    title: str
    weakens: Weakens | None = None
    why: str = ""
    read: Read = lambda value: value
    beside_the_properties: bool = False
    default: Any = None

    def value(self, resource: Resource) -> Any:
        """The value in a resource; None where nothing is set."""
        within = resource.attributes if self.beside_the_properties else resource.properties
        return self.read(at(within, *self.path.split(".")))

    def is_weaker(self, before: Any, after: Any) -> bool:
        """Whether the second value is weaker than the first."""
        return self.weakens is not None and self.weakens(before, after)

    def row(self, logical_id: str, before: Any, after: Any, *, weaker: bool) -> Change:
        """The row for the change."""
        name = identifier(self.topic.title.lower(), self.title.partition(",")[0], logical_id)
        risk = Risk(name, self.why, "do not change it") if weaker else None
        return Change(self.topic, ((logical_id,),), self.title, shown(before), shown(after), risk)


_encryption = partial(Setting, Topic.ENCRYPTION, "BucketEncryption.ServerSideEncryptionConfiguration")
_lifecycle = partial(Setting, Topic.RETENTION, "LifecycleConfiguration.Rules")
BOUNDARY = Setting(
    Topic.IDENTITIES,
    "PermissionsBoundary",
    "permissions boundary",
    given_up,
    "another policy could later give the user more than the seven actions",
)

SETTINGS: Mapping[str, tuple[Setting, ...]] = {
    "AWS::S3::Bucket": (
        _encryption(
            "default encryption",
            down(*ALGORITHMS),
            "the encryption of objects would be weaker",
            of_the_first("ServerSideEncryptionByDefault.SSEAlgorithm"),
        ),
        _encryption(
            "default KMS key",
            given_up,
            "new objects would have another key, and existing ones always need the old key",
            of_the_first("ServerSideEncryptionByDefault.KMSMasterKeyID"),
        ),
        _lifecycle(
            "noncurrent versions stay, days",
            lower,
            "deleted and overwritten objects could be restored for a shorter time, or not at all",
            least("NoncurrentVersionExpiration.NoncurrentDays", "NoncurrentVersionExpirationInDays"),
            default=Instance.model_fields["noncurrent_days"].default,
        ),
        _lifecycle(
            "current objects stay, days",
            lower,
            "S3 would delete current objects",
            least("ExpirationInDays", "ExpirationDate"),
        ),
        _lifecycle("current objects move", read=every("Transitions", "Transition")),
        _lifecycle(
            "noncurrent versions move", read=every("NoncurrentVersionTransitions", "NoncurrentVersionTransition")
        ),
        _lifecycle(
            "incomplete uploads stay, days",
            lower,
            "uploads would be aborted that could still be completed",
            least("AbortIncompleteMultipartUpload.DaysAfterInitiation"),
        ),
        Setting(Topic.RETENTION, "ObjectLockConfiguration", "object lock", given_up, "locked objects could be deleted"),
        Setting(
            Topic.RETENTION,
            "ReplicationConfiguration",
            "replication",
            given_up,
            "a replica would lose something, or somebody else would get a copy of everything",
        ),
        Setting(
            Topic.LOGGING,
            "LoggingConfiguration.DestinationBucketName",
            "access logs go to",
            given_up,
            "reads and writes would no longer be logged as before",
        ),
        Setting(Topic.NETWORK, "CorsConfiguration", "CORS", added, "websites could read the bucket in a browser"),
    ),
    "AWS::IAM::User": (BOUNDARY,),
    "AWS::IAM::Role": (BOUNDARY,),
    "AWS::SecretsManager::Secret": (
        Setting(
            Topic.ENCRYPTION,
            "KmsKeyId",
            "KMS key",
            given_up,
            "the secret would have another key, or a key that somebody else can remove",
        ),
        *(Setting(Topic.SECRET, "SecretString", name, read=field(name)) for name in PackagesSecret.model_fields),
    ),
    "AWS::KMS::Alias": (
        Setting(
            Topic.ENCRYPTION, "TargetKeyId", "key of the alias", given_up, "users of the alias would get another key"
        ),
    ),
}
OF_EVERY_TYPE = (
    Setting(Topic.RETENTION, "DeletionPolicy", "when it leaves the stack", beside_the_properties=True),
    Setting(Topic.RETENTION, "UpdateReplacePolicy", "when it is replaced", beside_the_properties=True),
    Setting(Topic.TAGS, "Tags", "tags", read=tags),
)
# They can hold a password or a secret key, if somebody wrote it out.
HIDDEN = {"LoginProfile", "SecretString"}


def changes(before: RenderedStack, after: RenderedStack) -> Iterator[Change]:
    """A row for each setting that changes, and for each property that changes and that no setting reads.

    Of a resource that is added, a row for each value that is weaker than the default.
    """
    for logical_id, resource in after.resources.items():
        settings = (*SETTINGS.get(resource.type, ()), *OF_EVERY_TYPE)
        old = before.resources.get(logical_id)
        if old is None:
            for setting in settings:
                if setting.default is not None and setting.is_weaker(setting.default, value := setting.value(resource)):
                    yield setting.row(logical_id, None, value, weaker=True)
        elif old.whole != resource.whole:
            yield from _of_one(settings, old, resource)


def _of_one(settings: Iterable[Setting], before: Resource, after: Resource) -> Iterator[Change]:
    logical_id = after.logical_id
    compared = COMPARED_BY_ACCESS | REPLACING.get(after.type, set())
    if after.type == "AWS::IAM::AccessKey":
        compared |= {"Status"}
    for setting in settings:
        old, new = setting.value(before), setting.value(after)
        if old != new:
            compared |= {setting.path.partition(".")[0]}
            yield setting.row(logical_id, old, new, weaker=setting.is_weaker(old, new))
    for name in sorted((before.properties.keys() | after.properties.keys()) - compared):
        old, new = before.at(name), after.at(name)
        if old != new:
            values = ((), ()) if name in HIDDEN else (shown(old), shown(new))
            yield Change(Topic.OTHER, ((logical_id,), (name,)), "changed", *values)
