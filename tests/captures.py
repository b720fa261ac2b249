"""The pictures of real runs in docs/captures/; `python -m tests.captures` makes them anew."""

import io
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

import pytest
from rich.console import Console
from rich.text import Text

from ghes_packages.cli import PROGRAM, app
from ghes_packages.config.instance import Instance
from local_aws.embedded_aws import EmbeddedAws
from tests.cloudformation import Stack
from tests.review.pairs import assembly
from tests.synthesis import INSTANCE, PROJECT, deployable, template_of

FOLDER = PROJECT / "docs" / "captures"
COLUMNS = 80
SINCE_THE_DEPLOY = timedelta(days=12)

# What AWS makes up differs from run to run: parts of names in hexadecimal digits, and the ID of the access key.
MADE_UP = re.compile(r"(?<=-)[0-9a-f]{6,}\b|(?<=-)[0-9A-F]{6,}\b")
ACCESS_KEY_ID = re.compile(r"\bAKIA[0-9A-Z]{16}\b")
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
EXAMPLE_ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"

# As rich's own, without the font that it has browsers load from elsewhere.
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


class Later(datetime):
    """A clock on which the deploy was some time ago."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + SINCE_THE_DEPLOY


def captures(aws: EmbeddedAws, name: str = INSTANCE.name) -> Mapping[str, str]:
    """The content of each file of the folder. The name is that of the instance to deploy, as long as the default."""
    stack = Stack(aws, Instance(name=name).stack_name)
    stack.create(*deployable())
    stack.protect(on=True)
    with TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for key in ("NO_COLOR", "COLORTERM"):
            patch.delenv(key, raising=False)
        for key, value in {**aws.environment, "COLUMNS": str(COLUMNS), "FORCE_COLOR": "1", "TERM": "xterm"}.items():
            patch.setenv(key, value)
        patch.setattr("ghes_packages.status.datetime", Later)
        file = Path(folder, "instances.toml")
        file.write_text(f'[instances.{name}]\nghes_version = "3.17"\n')

        def printed(command: str) -> str:
            text = app([command, name, "--instances", str(file)], standalone_mode=False).text
            return ACCESS_KEY_ID.sub(EXAMPLE_ACCESS_KEY_ID, MADE_UP.sub(_digits, text.replace(name, INSTANCE.name)))

        pictures = {command: _svg(command, printed(command)) for command in ("settings", "verify", "status")}
        aws.client("s3").delete_public_access_block(Bucket=stack.physical_id("PackagesBucket3210E67E"))
        pictures["verify-broken"] = _svg("verify", printed("verify"))
    return {f"{name}.svg": picture for name, picture in pictures.items()} | {"review.md": _review()}


def _digits(found: re.Match[str]) -> str:
    return "0123456789012345"[: len(found[0])]


def _svg(command: str, printed: str) -> str:
    """The text as a terminal shows it, which begins a new line where one is full."""
    console = Console(width=COLUMNS, record=True, file=io.StringIO())
    for line in Text.from_ansi(printed).split(allow_blank=True):
        for part in line.divide(range(COLUMNS, len(line), COLUMNS)):
            part.rstrip()
            console.print(part, no_wrap=True)
    return console.export_svg(title=f"{PROGRAM} {command} {INSTANCE.name}", code_format=SVG, unique_id="terminal")


def _review() -> str:
    """Of a change that keeps deleted packages for a week, and no longer for 30 days."""
    with TemporaryDirectory() as folder:
        base = assembly(Path(folder, "base"), {INSTANCE.name: template_of()})
        shorter = template_of(INSTANCE.model_copy(update={"noncurrent_days": 7}))
        head = assembly(Path(folder, "head"), {INSTANCE.name: shorter})
        return f"{app(['review', str(base), str(head)], standalone_mode=False).text}\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    with EmbeddedAws("111122223333", "us-west-2") as embedded:
        for name, content in captures(embedded).items():
            (FOLDER / name).write_text(content)
