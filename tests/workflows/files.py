"""The workflows as GitHub reads them."""

from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).parent.parent.parent
FOLDER = PROJECT / ".github" / "workflows"
FILES = sorted(FOLDER.glob("*.yml"))
Yaml = dict[Any, Any]
WORKFLOWS: dict[str, Yaml] = {file.stem: yaml.safe_load(file.read_text()) for file in FILES}


def jobs() -> dict[str, Yaml]:
    """Every job, by workflow and name."""
    return {f"{name}/{key}": job for name, workflow in WORKFLOWS.items() for key, job in workflow["jobs"].items()}


def step(job: str, name: str) -> Yaml:
    """The one step of that name, of a job such as `review/synth`."""
    [found] = [each for each in jobs()[job]["steps"] if each.get("name") == name]
    return dict(found)
