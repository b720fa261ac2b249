"""Two regions, from the deploy to the day that the first one is lost."""

import json
from pathlib import Path

from ghes_packages.local.cdk_cli import CdkCli
from tests.end_to_end.conftest import Cloud


def test_x(cloud: Cloud, tmp_path: Path) -> None:
    instances, assembly = tmp_path / "instances.toml", tmp_path / "cdk.out"
    instances.write_text(
        '[instances.lost]\naccount = "111122223333"\nregion = "us-west-2"\nreplica_region = "us-east-1"\nencryption="kms"\n'
    )
    cdk = CdkCli({**cloud.aws.environment, "CDK_VALIDATION": "false"})
    cdk.run("synth", "--quiet", "--output", str(assembly), "--context", f"instances={instances}")
    here = Cloud(cloud.aws, instances, assembly)
    here.cdk("bootstrap", "aws://111122223333/us-east-1")
    here.cdk("deploy", "GhesPackages-lost")
    out = here.outputs("lost")
    print(out)
    s3 = cloud.aws.client("s3")
    print(json.dumps(s3.get_bucket_replication(Bucket=out["AwsS3Bucket"])["ReplicationConfiguration"], indent=1))
    s3.put_object(Bucket=out["AwsS3Bucket"], Key="a", Body=b"x")
    print(cloud.aws.client("cloudformation", region_name="us-east-1").describe_stacks()["Stacks"])
    v = here.ghes_packages("verify", "lost")
    print(v.stdout, v.stderr)
    v = here.ghes_packages("status", "lost")
    print(v.stdout, v.stderr)
    assert 0
