from pathlib import Path

import pytest

from ghes_packages.instances import load
from tests.synthesis import template_of

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_every_instance_of_an_example_synthesises(example: Path) -> None:
    for instance in load(example).values():
        assert "AwsServiceUrl" in template_of(instance)["Outputs"]


def test_the_many_instances_of_the_example_are_in_several_accounts_regions_and_partitions() -> None:
    templates = [template_of(instance) for instance in load(EXAMPLES[0].with_name("many.toml")).values()]
    assert len(templates) == 6
    assert len({str(template["Outputs"]["AwsServiceUrl"]["Value"]) for template in templates}) == 5
