"""What `make template` prints."""

from pathlib import Path
from typing import Any

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.template.__main__ import commands, main
from tests.combinations import Combinations
from tests.synthesis import template_of

ROLE = "arn:aws:iam::111122223333:role/GhesPackagesDeploy"


def printed(**options: Any) -> list[str]:
    return list(commands(Instance.model_validate({"name": "production", **options}), Path("instances.toml")))


def test_a_stack_goes_to_its_region_under_its_name_and_in_its_role() -> None:
    here = {"account": "111122223333", "region": "us-west-2"}
    review, deploy, protect = printed(**here, stack_name="Acme", execution_role_arn=ROLE)
    assert review == "ghes-packages review --deployed production"
    assert deploy == (
        "aws cloudformation deploy --stack-name Acme --region us-west-2"
        " --template-file cdk.out/GhesPackages-production.template.json --capabilities CAPABILITY_IAM"
        f" --no-fail-on-empty-changeset --role-arn {ROLE}"
    )
    assert protect == (
        "aws cloudformation update-termination-protection --enable-termination-protection"
        " --stack-name Acme --region us-west-2"
    )


def test_a_replica_is_deployed_before_what_reads_its_outputs() -> None:
    _, replica, _, first, _ = printed(account="111122223333", region="us-west-2", replica_region="us-east-1")
    assert "--stack-name GhesPackages-production-Replica --region us-east-1" in replica
    assert "cdk.out/GhesPackages-production-Replica.template.json" in replica
    assert "--stack-name GhesPackages-production --region us-west-2" in first


def test_nothing_has_a_name_that_would_need_another_capability(combinations: Combinations) -> None:
    named = {"UserName", "GroupName", "RoleName", "ManagedPolicyName", "PolicyName"}
    for each in combinations.instances.values():
        for resource in template_of(each)["Resources"].values():
            properties = set() if resource["Type"] == "AWS::IAM::AccessKey" else resource.get("Properties", {}).keys()
            assert not named & properties, each


def test_what_asks_for_the_bootstrap_is_no_plain_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "instances.toml"
    file.write_text("[instances.production]\nbootstrap = true\n")
    with pytest.raises(SystemExit) as refused:
        main(str(file), "production")
    assert refused.value.code == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "[instances.production] bootstrap: the template would need" in err
