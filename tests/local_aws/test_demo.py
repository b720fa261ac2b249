import io
from pathlib import Path

import pytest
from rich.console import Console

from ghes_packages.config.instance import Instance
from ghes_packages.errors import ConfigurationError
from local_aws.demo import bootstrapped, demo

HERE = {"account": "444455556666", "region": "eu-west-1"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("profile", "production"),
        ("role_arn", "arn:aws:iam::444455556666:role/operator"),
        ("permissions_boundary", "arn:aws:iam::444455556666:policy/boundary"),
        ("encryption", "arn:aws:kms:eu-west-1:444455556666:key/00000000-0000-0000-0000-000000000000"),
        ("existing_bucket", "old"),
    ],
)
def test_what_the_demo_does_not_have_is_refused_before_anything_starts(key: str, value: str) -> None:
    progress = io.StringIO()
    with pytest.raises(ConfigurationError) as refused:
        demo(Instance.model_validate({"name": "x", **HERE, key: value}), Path("instances.toml"), Console(file=progress))
    assert str(refused.value) == (
        f'[instances.x] {key} = "{value}": the demo has none of your profiles, roles, keys, policies or buckets;'
        f" leave {key} out, or name another instance: make demo INSTANCE=…"
    )
    assert progress.getvalue() == ""


def test_the_region_of_a_replica_is_bootstrapped_too() -> None:
    def of(**options: object) -> list[str]:
        return bootstrapped(Instance.model_validate({"name": "x", **options}))

    assert of(bootstrap=True) == ["aws://111122223333/us-west-2"]
    assert of(bootstrap="acme", **HERE, replica_region="us-east-1") == [
        "--qualifier",
        "acme",
        "aws://444455556666/eu-west-1",
        "aws://444455556666/us-east-1",
    ]
