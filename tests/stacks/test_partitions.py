"""What the template comes to in each AWS partition."""

import json
from importlib.resources import files
from typing import Any

import pytest

from ghes_packages.instances import Instance
from tests.synthesis import template_of

PARTITIONS = json.loads((files("botocore") / "data" / "partitions.json").read_text())["partitions"]
REGIONS = [
    pytest.param(partition["id"], region, partition["outputs"]["dnsSuffix"], id=region)
    for partition in PARTITIONS
    for region in [next(name for name in sorted(partition["regions"]) if not name.endswith("-global"))]
]


def resolved(value: Any, pseudo_parameters: dict[str, str]) -> Any:
    """The value with pseudo parameters filled in, as CloudFormation would."""
    match value:
        case {"Ref": name}:
            return pseudo_parameters.get(name, f"<{name}>")
        case {"Fn::Join": [separator, parts]}:
            return separator.join(str(resolved(part, pseudo_parameters)) for part in parts)
        case dict():
            return {key: resolved(each, pseudo_parameters) for key, each in value.items()}
        case list():
            return [resolved(each, pseudo_parameters) for each in value]
    return value


@pytest.mark.parametrize("configured", [True, False], ids=["region-configured", "region-of-the-caller"])
@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_the_service_url_is_right_in_every_partition(
    partition: str, region: str, dns_suffix: str, configured: bool
) -> None:
    instance = (
        Instance(name="x", account="111122223333", region=region, ghes_version="2.22")
        if configured
        else Instance(name="x", ghes_version="2.22")
    )
    template = template_of(instance)
    pseudo_parameters = {
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::URLSuffix": dns_suffix,
        "AWS::AccountId": "111122223333",
    }
    [secret] = [each for each in template["Resources"].values() if each["Type"] == "AWS::SecretsManager::Secret"]
    values = {key: resolved(output["Value"], pseudo_parameters) for key, output in template["Outputs"].items()}
    written = json.loads(resolved(secret["Properties"]["SecretString"], pseudo_parameters))
    assert values["AwsServiceUrl"] == written["service_url"] == f"https://s3.{region}.{dns_suffix}"
    assert values["AwsS3Region"] == written["region"] == region


@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_no_arn_is_written_for_one_partition(partition: str, region: str, dns_suffix: str) -> None:
    """The log delivery service has the same name in all partitions, so CDK writes it out."""
    text = json.dumps(template_of(Instance(name="x", account="111122223333", region=region)))
    assert "arn:aws" not in text
    assert text.replace("logging.s3.amazonaws.com", "").count("amazonaws") == 0
