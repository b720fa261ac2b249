import gzip
import json

from ghes_packages.review.replacement import REPLACING, STATEFUL
from tests.synthesis import PROJECT


def test_the_table_is_what_the_database_of_the_cdk_cli_says() -> None:
    database = json.loads(gzip.decompress((PROJECT / "node_modules/aws-cdk/db.json.gz").read_bytes()))
    documented = {
        resource["cloudFormationType"]: {
            name for name, each in resource["properties"].items() if each.get("causesReplacement") == "yes"
        }
        for resource in database["schema"]["resource"]["entities"]
        if resource["cloudFormationType"] in REPLACING
    }
    assert documented == REPLACING
    assert REPLACING.keys() >= STATEFUL
