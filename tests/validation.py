"""What the checks of a synthesis found, without the CLI."""

import json
from pathlib import Path


def violations_in(assembly: Path) -> set[str]:
    """The rules that failed the synthesis of an app."""
    report = json.loads((assembly / "validation-report.json").read_text())
    return {each["ruleName"] for plugin in report["pluginReports"] for each in plugin["violations"]}
