"""What the template comes to in each AWS partition."""

import json
import re
from importlib.resources import files
from typing import Any

import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.loaders import Loader

from ghes_packages.config.instance import Instance
from ghes_packages.config.regions import S3_HOST_PREFIXES, Endpoint, partition_of, regions_with
from ghes_packages.live import aws
from ghes_packages.live.deployed import Deployed
from ghes_packages.outputs import Outputs
from ghes_packages.policies.document import statement, through_services
from ghes_packages.policies.statements import reader_statement, replication_key_statement, user_statement
from tests.synthesis import INSTANCE, PROJECT, template_of

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


def parameters(partition: str, region: str, dns_suffix: str) -> dict[str, str]:
    return {
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::URLSuffix": dns_suffix,
        "AWS::AccountId": "111122223333",
    }


@pytest.mark.parametrize("configured", [True, False], ids=["region-configured", "region-of-the-caller"])
@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_the_service_url_is_right_and_no_arn_is_written_for_one_partition(
    partition: str, region: str, dns_suffix: str, configured: bool
) -> None:
    """Services have the same name in all partitions, CDK says of its ServicePrincipal, and writes it out."""
    template = template_of(Instance(name="x", account="111122223333", region=region) if configured else INSTANCE)
    values, secret = (
        resolved(each, parameters(partition, region, dns_suffix))
        for each in (template["Outputs"], template["Resources"]["AccessSecretD1770891"]["Properties"])
    )
    written = json.loads(secret["SecretString"])
    assert values["AwsServiceUrl"]["Value"] == written["service_url"] == f"https://s3.{region}.{dns_suffix}"
    assert values["AwsS3Region"]["Value"] == written["region"] == region
    text = json.dumps(template)
    assert "arn:aws" not in text
    assert text.replace("logging.s3.amazonaws.com", "").count("amazonaws") == 0


def test_the_names_of_services_that_are_written_out_are_those_that_the_page_names() -> None:
    place = {"name": "x", "account": "111122223333", "region": "cn-north-1", "replica_region": "cn-northwest-1"}
    text = json.dumps(template_of(Instance.model_validate({**place, "encryption": "kms"})))
    written = {re.sub(r"cn-north(west)?-1", "REGION", name) for name in re.findall(r"[\w.-]+amazonaws[\w.]*", text)}
    page = (PROJECT / "docs" / "many-instances.md").read_text()
    assert written == set(re.findall(r"^\* .*`([\w.]+\.amazonaws\.com)`", page, re.MULTILINE))


@pytest.mark.parametrize("configured", [True, False], ids=["region-configured", "region-of-the-caller"])
@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_a_key_is_used_through_its_service_by_the_suffix_of_the_partition_and_by_the_commercial_one(
    partition: str, region: str, dns_suffix: str, configured: bool
) -> None:
    place = {"account": "111122223333", "region": region} if configured else {}
    template = template_of(Instance.model_validate({"name": "x", "encryption": "kms", **place}))
    [key] = [each for each in template["Resources"].values() if each["Type"] == "AWS::KMS::Key"]
    [grant] = [
        each
        for each in resolved(key, parameters(partition, region, dns_suffix))["Properties"]["KeyPolicy"]["Statement"]
        if each.get("Sid") == "PackagesUserThroughS3"
    ]
    services = grant["Condition"]["StringEquals"]["kms:ViaService"]
    if configured and dns_suffix == "amazonaws.com":
        assert services == f"s3.{region}.amazonaws.com"
    else:
        assert services == [f"s3.{region}.{dns_suffix}", f"s3.{region}.amazonaws.com"]
    # What `verify` reads of it, and of one that was deployed when the partition's suffix alone was listed.
    [user] = grant["Principal"].values()
    [bucket, _] = grant["Condition"]["StringLike"]["kms:EncryptionContext:aws:s3:arn"]
    older = {**grant["Condition"], "StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix}"}}
    wanted = through_services(statement(user_statement(user, bucket, region, dns_suffix)))
    assert through_services(statement(grant)) == wanted
    assert through_services(statement({**grant, "Condition": older})) == wanted


@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_readers_and_replication_use_a_key_by_both_suffixes(partition: str, region: str, dns_suffix: str) -> None:
    both = list(dict.fromkeys([dns_suffix, "amazonaws.com"]))
    for service, written in (
        ("secretsmanager", reader_statement("r", region, dns_suffix)),
        ("s3", replication_key_statement("k", ["kms:Decrypt"], "b", region, dns_suffix)),
    ):
        services = written["Condition"]["StringEquals"]["kms:ViaService"]
        assert ([services] if isinstance(services, str) else services) == [
            f"{service}.{region}.{each}" for each in both
        ]


@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_the_commands_work_in_the_partition_of_the_region(partition: str, region: str, dns_suffix: str) -> None:
    session = aws.session(Instance(name="x", account="111122223333", region=region))
    for service in ("cloudformation", "iam", "s3", "secretsmanager", "sts"):
        client = session.client(service)
        assert client.meta.partition == partition
        assert client.meta.endpoint_url.endswith(f".{dns_suffix}")


@pytest.mark.parametrize(("partition", "region", "dns_suffix"), REGIONS)
def test_verify_expects_the_arns_and_services_of_the_partition(partition: str, region: str, dns_suffix: str) -> None:
    outputs = Outputs.model_validate({str(field.alias): "x" for field in Outputs.model_fields.values()})
    stack_id = f"arn:{partition}:cloudformation:{region}:111122223333:stack/GhesPackages-x/1"
    stack = Deployed(stack_id, "CREATE_COMPLETE", True, outputs)
    assert (stack.account, stack.bucket_arn("a-bucket")) == ("111122223333", f"arn:{partition}:s3:::a-bucket")
    for suffix in {dns_suffix, "amazonaws.com"}:
        delivery = {"Effect": "Allow", "Principal": {"Service": f"logging.s3.{suffix}"}}
        assert statement(delivery).principals == {"Service logging.s3"}


@pytest.mark.parametrize("endpoint", [Endpoint.FIPS, Endpoint.DUALSTACK])
def test_an_endpoint_is_the_one_that_botocore_uses_in_every_region_that_has_it(endpoint: Endpoint) -> None:
    rules = Loader().load_service_model("s3", "endpoint-rule-set-1"), Loader().load_data("partitions")
    botocore = EndpointProvider(*rules)
    wanted = {"UseFIPS": endpoint is Endpoint.FIPS, "UseDualStack": endpoint is Endpoint.DUALSTACK}
    assert len(regions_with(endpoint)) > 10
    for region in regions_with(endpoint):
        [suffix] = [param.values[2] for param in REGIONS if param.values[0] == partition_of(region)]
        url = botocore.resolve_endpoint(Region=region, Accelerate=False, UseGlobalEndpoint=False, **wanted).url
        assert url == f"https://{S3_HOST_PREFIXES[endpoint]}.{region}.{suffix}"


@pytest.mark.parametrize(
    ("endpoint", "region", "url"),
    [
        ("standard", "us-gov-west-1", "https://s3.us-gov-west-1.amazonaws.com"),
        ("fips", "us-gov-west-1", "https://s3-fips.us-gov-west-1.amazonaws.com"),
        ("dualstack", "cn-north-1", "https://s3.dualstack.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_the_endpoint_changes_the_service_url_and_nothing_else(endpoint: str, region: str, url: str) -> None:
    place = {"name": "x", "account": "111122223333", "region": region}
    suffix = {"AWS::URLSuffix": url.partition(f".{region}.")[2]}
    standard, chosen = (
        template_of(Instance.model_validate({**place, "endpoint": each})) for each in ("standard", endpoint)
    )
    assert resolved(chosen["Outputs"]["AwsServiceUrl"]["Value"], suffix) == url
    host = f"{S3_HOST_PREFIXES[Endpoint(endpoint)]}.{region}."
    assert json.loads(json.dumps(standard).replace(f"s3.{region}.", host)) == chosen


def test_how_an_instance_is_reached_is_not_in_the_template() -> None:
    place = {"name": "x", "account": "111122223333", "region": "us-west-2"}
    reached = {"profile": "somebody", "role_arn": "arn:aws:iam::111122223333:role/somebody"}
    assert template_of(Instance.model_validate({**place, **reached})) == template_of(Instance.model_validate(place))
