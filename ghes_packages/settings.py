"""`settings`: what to enter in the Management Console, in the ways in which people and scripts want it."""

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ghes_packages.config.instance import Instance
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.printable import one_line

# From GitHub's older pages and github/backup-utils; newer pages describe the console only.
GHE_CONFIG_KEYS = {
    "service_url": "secrets.packages.service-url",
    "bucket": "secrets.packages.s3-bucket",
    "access_key": "secrets.packages.aws-access-key",
    "secret_key_reference": "secrets.packages.aws-secret-key",
}
# The beta of Packages asked for the region; from 3.0 on the console does not.
RELEASE_THAT_ASKS_FOR_THE_REGION = "2.22"


class Format(StrEnum):
    """The ways in which `settings` are written."""

    TABLE = "table"
    JSON = "json"
    ENV = "env"
    GHE_CONFIG = "ghe-config"


@dataclass(frozen=True)
class Settings:
    """The values for one instance. The secret is None unless it was asked for."""

    instance: Instance
    outputs: Outputs
    secret: PackagesSecret | None = None

    @property
    def secret_key(self) -> str | None:
        """The secret access key in clear."""
        return self.secret.secret_access_key.get_secret_value() if self.secret else None

    def write(self, form: Format) -> str:
        """The settings as text, without a blank or newline at the end."""
        return _WRITERS[form](self)


def _table(settings: Settings) -> str:
    release = settings.instance.ghes_version
    fields = [name for name in GHE_CONFIG_KEYS if name != "secret_key_reference"]
    if release == RELEASE_THAT_ASKS_FOR_THE_REGION:
        fields.append("region")
    lines = [f"Management Console of GHES {release or ''}".rstrip() + " > Packages > Amazon S3", ""]
    for name in fields:
        lines += [_title(name), f"  {one_line(getattr(settings.outputs, name))}"]
    lines += [_title("secret_key_reference")]
    if settings.secret_key is None:
        lines += [
            "  shown with --show-secret; in Secrets Manager it is",
            f"  {one_line(settings.outputs.secret_key_reference)}",
        ]
    else:
        lines += [f"  {one_line(settings.secret_key)}"]
    return "\n".join(lines)


def _env(settings: Settings) -> str:
    return "\n".join(
        f"{re.sub(r'(?<=[a-z0-9])(?=[A-Z])', '_', key).upper()}={_quoted(value)}"
        for key, value in _values(settings).items()
    )


def _ghe_config(settings: Settings) -> str:
    lines = [
        "# For the appliance. The keys are from older GitHub documentation;",
        "# newer releases document the Management Console only.",
        "ghe-config app.packages.enabled true",
        "ghe-config secrets.packages.blob-storage-type s3",
    ]
    for name, key in GHE_CONFIG_KEYS.items():
        if name != "secret_key_reference":
            lines.append(f"ghe-config {key} {_quoted(getattr(settings.outputs, name))}")
        elif settings.secret_key is not None:
            lines.append(f"ghe-config {key} {_quoted(settings.secret_key)}")
        else:
            lines.append(f"# ghe-config {key} is shown with --show-secret; without it, do not apply")
    lines.append("ghe-config-apply" if settings.secret_key is not None else "# ghe-config-apply")
    return "\n".join(lines)


def _quoted(value: str) -> str:
    """For a shell, and for a terminal."""
    return shlex.quote(one_line(value))


def _values(settings: Settings) -> dict[str, str]:
    values: dict[str, str] = settings.outputs.model_dump(by_alias=True, exclude_none=True)
    return values if settings.secret_key is None else {**values, "AwsS3SecretKey": settings.secret_key}


def _title(name: str) -> str:
    return str(Outputs.model_fields[name].title)


_WRITERS: Mapping[Format, Callable[[Settings], str]] = {
    Format.TABLE: _table,
    Format.JSON: lambda settings: json.dumps(_values(settings), indent=2),
    Format.ENV: _env,
    Format.GHE_CONFIG: _ghe_config,
}
