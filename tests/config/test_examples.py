from pathlib import Path

import pytest

from ghes_packages.config.instances import load
from tests.synthesis import template_of

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_instance_of_an_example_synthesises(example: Path) -> None:
    for instance in load(example).values():
        assert "AwsServiceUrl" in template_of(instance)["Outputs"]
