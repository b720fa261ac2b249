"""`instances.toml`: one table for each GHES instance, validated."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from ghes_packages.errors import ConfigurationError
from ghes_packages.regions import Endpoint, known_partitions, known_regions, partition_of, regions_with

DEFAULT_FILE = Path("instances.toml")
STACK_NAME_PREFIX = "GhesPackages-"
# CloudFormation takes stack names of at most 128 characters: letters, digits and hyphens, a letter first.
INSTANCE_NAME = r"^[A-Za-z0-9]([A-Za-z0-9-]{0,113}[A-Za-z0-9])?$"
ROLE_ARN = r"^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$"


# IAM's own words for the status of an access key.
ACTIVE, INACTIVE = "Active", "Inactive"


@dataclass(frozen=True)
class Option:
    """What an operator reads about one key of a table: which values it takes, and what comes of it."""

    allowed: str
    consequence: str


def _known_region(region: str) -> str:
    if region not in known_regions():
        raise ValueError(f"is not a region that the pinned botocore knows{_did_you_mean(region, known_regions())}")
    return region


def _release_with_packages(version: str) -> str:
    major, minor = version.split(".")
    if (int(major), int(minor)) < (2, 22):
        raise ValueError("has no GitHub Packages: that came with 2.22")
    return version


def _known_partition(arn: str) -> str:
    if (partition := arn.split(":")[1]) not in known_partitions():
        raise ValueError(f"{partition} is no partition of AWS{_did_you_mean(partition, known_partitions())}")
    return arn


class PreviousAccessKey(StrEnum):
    """What becomes of the access key before the current one."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DELETED = "deleted"


class RulePack(StrEnum):
    """The rule packs of cdk-nag that an instance can be held to, by cdk-nag's names."""

    AWS_SOLUTIONS = "AwsSolutions"
    NIST_800_53_R5 = "NIST80053R5"
    HIPAA_SECURITY = "HIPAASecurity"
    PCI_DSS_321 = "PCIDSS321"


class Instance(BaseModel):
    """One GHES instance and the storage that it gets. Immutable.

    Every key but `name` is a key of the instance's table and bears an `Option`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(pattern=INSTANCE_NAME)]
    account: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None,
        Option(
            allowed='twelve digits in quotes, such as "111122223333", together with region',
            consequence="The AWS account of the stack; without it, the account of whoever deploys.",
        ),
    ] = None
    region: Annotated[
        Annotated[str, AfterValidator(_known_region)] | None,
        Option(
            allowed='the name of an AWS region in quotes, such as "us-west-2", together with account',
            consequence="The region of the stack and its bucket; without it, the region of whoever deploys.",
        ),
    ] = None
    profile: Annotated[
        Annotated[str, StringConstraints(min_length=1)] | None,
        Option(
            allowed='the name of a profile in your AWS config file, in quotes, such as "production"',
            consequence="The commands sign in with it; without it, with AWS_PROFILE. `cdk` does not read it: see"
            " docs/many-instances.md.",
        ),
    ] = None
    role_arn: Annotated[
        Annotated[str, StringConstraints(pattern=ROLE_ARN), AfterValidator(_known_partition)] | None,
        Option(
            allowed="the ARN of an IAM role in quotes, in the account and the partition of the instance",
            consequence="The commands assume it with what they sign in with; without it, that alone must do."
            " `cdk` does not read it.",
        ),
    ] = None
    endpoint: Annotated[
        Endpoint,
        Field(strict=False),
        Option(
            allowed=", ".join(f'"{each}"' for each in Endpoint) + "; the last two with region",
            consequence="The AWS Service URL, where S3 has such an endpoint: FIPS 140 validated cryptography, or IPv6"
            " beside IPv4. GitHub documents the standard form only: try another one on a staging server first.",
        ),
    ] = Endpoint.STANDARD
    ghes_version: Annotated[
        Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+$"), AfterValidator(_release_with_packages)] | None,
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
            allowed=", ".join(f'"{each}"' for each in PreviousAccessKey) + "; only and always with access_key above 1",
            consequence="What becomes of the generation before: it works, it does not, it is gone.",
        ),
    ] = None

    rule_packs: Annotated[
        tuple[Annotated[RulePack, Field(strict=False)], ...],
        Field(strict=False, min_length=1),
        Option(
            allowed="a list of " + ", ".join(f'"{each}"' for each in RulePack),
            consequence="What `cdk synth` holds the instance to, besides this project's own guardrails.",
        ),
    ] = (RulePack.AWS_SOLUTIONS,)

    @property
    def stack_name(self) -> str:
        """The name of the CloudFormation stack that holds this instance's storage."""
        return STACK_NAME_PREFIX + self.name

    @property
    def access_keys(self) -> Mapping[int, str]:
        """The access keys that the user is to have, the newest first: IAM's status by generation."""
        keys = {self.access_key: ACTIVE}
        if self.previous_access_key in (PreviousAccessKey.ACTIVE, PreviousAccessKey.INACTIVE):
            keys[self.access_key - 1] = self.previous_access_key.capitalize()
        return keys

    @model_validator(mode="after")
    def _account_and_region_together(self) -> Self:
        if (self.account is None) != (self.region is None):
            given, missing = ("region", "account") if self.account is None else ("account", "region")
            raise ValueError(
                f"{given} without {missing}; set both, or leave both out for the account and region of whoever deploys"
            )
        return self

    @model_validator(mode="after")
    def _role_where_the_stack_is(self) -> Self:
        if self.role_arn is None or self.account is None or self.region is None:
            return self
        _, partition, _, _, account, _ = self.role_arn.split(":")
        if (partition, account) != (partition_of(self.region), self.account):
            raise ValueError(
                f'role_arn = "{self.role_arn}" is in account {account} of {partition}, and the instance is in account'
                f" {self.account} of {partition_of(self.region)}; name a role of that account"
            )
        return self

    @model_validator(mode="after")
    def _endpoint_where_s3_has_it(self) -> Self:
        if self.endpoint is Endpoint.STANDARD:
            return self
        if self.region is None:
            raise ValueError(
                f'endpoint = "{self.endpoint}" without region, and not every region has such an endpoint of S3;'
                " set account and region, or leave endpoint out"
            )
        if self.region not in (having := regions_with(self.endpoint)):
            partition = partition_of(self.region)
            having_here = ", ".join(sorted(region for region in having if partition_of(region) == partition))
            raise ValueError(
                f'endpoint = "{self.endpoint}" with region = "{self.region}", where the pinned botocore knows no such'
                f" endpoint of S3; leave it out; in {partition} they are in: {having_here or 'no region'}"
            )
        return self

    @model_validator(mode="after")
    def _previous_access_key_from_the_second_on(self) -> Self:
        if self.access_key > 1 and self.previous_access_key is None:
            raise ValueError(
                f"access_key = {self.access_key} without previous_access_key; say what becomes of access key"
                f" {self.access_key - 1}: {OPTIONS['previous_access_key'].allowed}"
            )
        if self.access_key == 1 and self.previous_access_key is not None:
            raise ValueError(
                f'previous_access_key = "{self.previous_access_key}" with access_key = 1, which has none before it;'
                " leave it out, or raise access_key to 2"
            )
        return self


OPTIONS: Mapping[str, Option] = {
    key: option
    for key, field in Instance.model_fields.items()
    for option in field.metadata
    if isinstance(option, Option)
}


def load(file: Path = DEFAULT_FILE) -> Mapping[str, Instance]:
    """The instances of a file by name, sorted by name, so that the order of tables in the file decides nothing.

    Raises ConfigurationError with one line for each mistake.
    """
    tables = _tables(file)
    mistakes: list[str] = []
    instances: dict[str, Instance] = {}
    for name, table in sorted(tables.items()):
        unknown = table.keys() - OPTIONS.keys()
        mistakes += [
            f"{file}: {_header(name)} {key} = {_toml(table[key])}: unknown key{_did_you_mean(key, OPTIONS)};"
            f" allowed: {', '.join(OPTIONS)}"
            for key in sorted(unknown)
        ]
        try:
            instances[name] = Instance.model_validate(
                {"name": name, **{key: value for key, value in table.items() if key not in unknown}}
            )
        except ValidationError as error:
            mistakes += [f"{file}: {_header(name)} {_mistake(details)}" for details in error.errors()]
    if mistakes:
        raise ConfigurationError("\n".join(mistakes))
    return instances


def choose(instances: Mapping[str, Instance], name: str | None, file: Path = DEFAULT_FILE) -> Instance:
    """The instance of that name; the only one when no name is given. Raises ConfigurationError."""
    names = ", ".join(instances)
    if name is None and len(instances) > 1:
        raise ConfigurationError(f"{file}: holds {len(instances)} instances: name one of {names}")
    if name is None:
        return next(iter(instances.values()))
    if name not in instances:
        raise ConfigurationError(f"{file}: no instance {name}{_did_you_mean(name, instances)}; there is: {names}")
    return instances[name]


def _tables(file: Path) -> dict[str, dict[str, Any]]:
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(
            f"{file}: no such file in {Path.cwd()}; run this in the project's folder,"
            " or name the file: cdk -c instances=FILE, ghes-packages COMMAND --instances FILE"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read: {error}; it must be a UTF-8 text file") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"{file}: is not valid TOML: {error}; each instance is one table [instances.NAME], each name once,"
            " and text stands in quotes"
        ) from None
    if strays := document.keys() - {"instances"}:
        stray = min(strays)
        raise ConfigurationError(
            f"{file}: {stray}: unknown key{_did_you_mean(stray, ['instances'])}; allowed: tables [instances.NAME]"
        )
    tables = document.get("instances", {})
    if not isinstance(tables, dict):
        raise ConfigurationError(f"{file}: instances = {_toml(tables)}: not a table; write [instances.NAME] instead")
    if not tables:
        raise ConfigurationError(f"{file}: holds no instance; add a table such as [instances.production]")
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigurationError(
                f"{file}: {_header(name)} = {_toml(table)}: not a table; write [instances.NAME] with its keys below"
            )
    # A file system that ignores case would let one template overwrite the other.
    if twins := [name for name in tables if name.lower() in {other.lower() for other in tables if other != name}]:
        raise ConfigurationError(f"{file}: {' and '.join(twins)} differ in case only; give them different names")
    return tables


def _mistake(details: ErrorDetails) -> str:
    problem = details["msg"].removeprefix("Value error, ")
    if details["type"] == "string_pattern_mismatch":
        problem = "has another form"  # what is allowed says it in words
    if not details["loc"]:
        return problem
    key = str(details["loc"][0])
    if key == "name":
        return "the name must be letters, digits and hyphens, no hyphen at either end, at most 115 characters"
    return f"{key} = {_toml(details['input'])}: {problem}; allowed: {OPTIONS[key].allowed}"


def _header(name: str) -> str:
    return f"[instances.{name if re.fullmatch(INSTANCE_NAME, name) else _toml(name)}]"


def _toml(value: object) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    nearest = get_close_matches(word, list(known), n=1)
    return f", did you mean {nearest[0]}?" if nearest else ""
