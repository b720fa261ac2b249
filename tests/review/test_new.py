"""What is a risk of a stack that nobody has yet besides a broken promise, and what is none."""

from typing import Any

import pytest

from ghes_packages.review import of_a_new_stack
from ghes_packages.template.assembly import Stack
from tests.combinations import HERE, VALUES, instance, with_a_key
from tests.guardrails.breaks import BUCKET, RULE, edited, to
from tests.review.pairs import Json, ids, stack
from tests.synthesis import replica_template_of, template_of

THERE = f"aws://{HERE['account']}/{HERE['region']}"


def new(template: Json, environment: str | None = THERE) -> list[str]:
    return ids(of_a_new_stack(stack(template, environment=environment)))


@pytest.mark.usefixtures("combinations")
def test_an_instance_of_this_project_is_no_risk_whatever_its_options() -> None:
    for options in [each for name, values in VALUES.items() if name != "existing_bucket" for each in values]:
        assert new(template_of(instance(**with_a_key(options)))) == [], options


def test_whoever_gets_a_bucket_that_is_there_already_gains_access() -> None:
    output, bucket, objects = new(template_of(instance(**VALUES["existing_bucket"][0])))
    assert all(each.startswith("access-gained-AccessUser-") for each in (bucket, objects))
    assert output == "output-elsewhere-AwsS3Bucket"


def test_an_instance_with_a_key_readers_addresses_and_a_replica_is_no_risk_nor_is_its_replica() -> None:
    names = ("encryption", "secret_readers", "allowed_cidrs", "replica_region")
    chosen = instance(**{key: value for name in names for key, value in VALUES[name][0].items()})
    assert new(template_of(chosen)) == []
    assert new(replica_template_of(chosen), f"aws://{HERE['account']}/us-east-2") == []


def test_fewer_days_than_without_the_option_are_a_risk() -> None:
    shorter = edited(to(f"{RULE}.NoncurrentVersionExpiration.NoncurrentDays", 1))
    assert new(shorter, None) == [f"retention-noncurrent-versions-stay-{BUCKET}"]


def deployed(**others: Any) -> list[str]:
    return ids(of_a_new_stack(Stack(template_of(), **{"termination_protection": True, **others})))


def test_a_new_stack_is_protected_and_nobody_else_deploys_it_or_is_told() -> None:
    assert deployed(deployment={"assumeRoleArn": "arn:aws:iam::${AWS::AccountId}:role/cdk"}) == []
    assert deployed(termination_protection=False) == ["termination-protection-off"]
    assert deployed(deployment={"notificationArns": []}) == ["deployment-notificationArns"]
    foreign = {"assumeRoleArn": "arn:aws:iam::999999999999:role/cdk"}
    assert deployed(deployment=foreign) == ["deployment-assumeRoleArn"]
