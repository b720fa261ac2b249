import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_aws import embedded_aws as embedded_aws_module
from local_aws.embedded_aws import EmbeddedAws, EmbeddedAwsError
from tests.waiting import wait_until

PARENT = """
import sys
from local_aws.embedded_aws import EmbeddedAws
with EmbeddedAws() as aws:
    try:
        print(aws.endpoint_url, aws.environment["HOME"], flush=True)
        sys.stdin.read()
    except KeyboardInterrupt:
        print(aws.client("sts").get_caller_identity()["Arn"], flush=True)
"""


def start_parent() -> tuple[subprocess.Popen[str], int, Path]:
    """A process with an embedded AWS of its own, the port of that, and its folder."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert parent.stdout
    endpoint_url, home = parent.stdout.readline().split()
    return parent, int(endpoint_url.rpartition(":")[2]), Path(home).parent


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def port_of(aws: EmbeddedAws) -> int:
    return int(aws.endpoint_url.rpartition(":")[2])


def folders(parent: Path) -> set[Path]:
    return set(parent.glob("embedded-aws-*"))


# --- What is left afterwards


def test_nothing_is_left_after_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with EmbeddedAws() as aws:
        (folder,) = folders(tmp_path)
        assert folder.stat().st_mode & 0o777 == 0o700
        aws.client("s3").create_bucket(Bucket="with-an-idle-connection")
    assert not folders(tmp_path)
    assert not answers(port_of(aws))


def test_nothing_is_left_when_the_parent_is_killed() -> None:
    parent, port, folder = start_parent()
    assert answers(port)
    parent.kill()
    parent.communicate()
    assert wait_until(lambda: not answers(port))
    assert not folder.exists()


def test_aws_outlives_ctrl_c_until_the_parent_has_cleaned_up() -> None:
    parent, port, folder = start_parent()
    os.killpg(parent.pid, signal.SIGINT)
    output, _ = parent.communicate(timeout=10)
    assert output == "arn:aws:iam::000000000000:user/administrator\n"
    assert not answers(port)
    assert not folder.exists()


def test_nothing_is_left_when_the_start_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(aws: EmbeddedAws) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(EmbeddedAws, "_become_administrator", interrupt)
    aws = EmbeddedAws()
    with pytest.raises(KeyboardInterrupt):
        aws.__enter__()
    assert not folders(tmp_path)
    assert not answers(port_of(aws))


def test_a_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_certificates = embedded_aws_module._write_certificates

    def without_key(folder: Path) -> None:
        write_certificates(folder)
        (folder / "server.key").unlink()

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(embedded_aws_module, "_write_certificates", without_key)
    with pytest.raises(EmbeddedAwsError, match="FileNotFoundError"):
        EmbeddedAws().__enter__()
    assert not folders(tmp_path)


# --- What a child process, and a client, can reach


def test_the_users_own_credentials_cannot_be_reached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile mine]\naws_access_key_id = mine\naws_secret_access_key = mine\nregion = mine-1\n")
    theirs = {
        "AWS_ACCESS_KEY_ID": "mine",
        "AWS_SECRET_ACCESS_KEY": "mine",
        "AWS_SESSION_TOKEN": "mine",
        "AWS_PROFILE": "mine",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL": "https://mine.invalid",
        "AWS_ENDPOINT_URL_S3": "https://mine.invalid",
        "AWS_CA_BUNDLE": "/mine",
        "CDK_DEFAULT_ACCOUNT": "mine",
        "CDK_CONTEXT": "mine",
        "HOME": "/mine",
        "HTTPS_PROXY": "http://mine.invalid",
        "ALL_PROXY": "http://mine.invalid",
        "NO_PROXY": "127.0.0.1,mine",
        "no_proxy": "127.0.0.1,mine",
        "PYTHONPATH": "/mine",
    }
    for name, value in theirs.items():
        monkeypatch.setenv(name, value)
    with EmbeddedAws("111122223333", "eu-west-1") as aws:
        assert not [name for name, value in aws.environment.items() if "mine" in value]
        caller = aws.client("sts").get_caller_identity()
    assert caller["Arn"] == "arn:aws:iam::111122223333:user/administrator"


def test_the_keys_of_a_child_process_are_not_roots(embedded_aws: EmbeddedAws) -> None:
    assert in_child(embedded_aws, "session.client('sts').get_caller_identity()['Arn']").endswith(":user/administrator")


@pytest.mark.parametrize("access_key_id", ["test", "000000000000"])
def test_ministacks_well_known_keys_of_root_are_refused(embedded_aws: EmbeddedAws, access_key_id: str) -> None:
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        embedded_aws.client("sts", aws_access_key_id=access_key_id).get_caller_identity()
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        embedded_aws.client("s3", aws_access_key_id=access_key_id).list_buckets()


def in_child(aws: EmbeddedAws, expression: str, **names: str) -> Any:
    """The value of an expression in a process that has nothing but `aws.environment`."""
    program = (
        "import boto3, json, sys; from botocore.exceptions import ClientError; session = boto3.Session()\n"
        f"try: value = {expression}\n"
        "except ClientError as error: value = str(error)\n"
        "print(json.dumps(value))"
    )
    child = subprocess.run(
        [sys.executable, "-c", program, json.dumps(names)], env=aws.environment, check=True, capture_output=True
    )
    return json.loads(child.stdout)


# --- Plain HTTP

TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def put_bucket(aws: EmbeddedAws, name: str, *statements: dict[str, Any]) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_object(Bucket=name, Key="a/b c", Body=b"content")
    if statements:
        s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))


def get_object(aws: EmbeddedAws, bucket: str, **client: Any) -> bytes:
    content: bytes = aws.client("s3", **client).get_object(Bucket=bucket, Key="a/b c")["Body"].read()
    return content


def test_plain_http_is_refused_by_the_bucket_policy(embedded_aws: EmbeddedAws) -> None:
    plain = embedded_aws.endpoint_url.replace("https://", "http://")
    put_bucket(embedded_aws, "tls-only", TLS_ONLY)
    put_bucket(embedded_aws, "tls-or-not")
    assert get_object(embedded_aws, "tls-only") == b"content"
    assert get_object(embedded_aws, "tls-or-not", endpoint_url=plain) == b"content"
    with pytest.raises(ClientError, match=r"AccessDenied.*explicit deny"):
        get_object(embedded_aws, "tls-only", endpoint_url=plain)
    for bucket, answer in ("tls-or-not", "content"), ("tls-only", "AccessDenied"):
        expression = f"session.client('s3', endpoint_url={plain!r}).get_object(Bucket={bucket!r}, Key='a/b c')"
        assert answer in in_child(embedded_aws, expression + "['Body'].read().decode()")


def test_plain_http_without_a_valid_signature_is_refused(embedded_aws: EmbeddedAws) -> None:
    plain = embedded_aws.endpoint_url.replace("https://", "http://")
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        embedded_aws.client("s3", endpoint_url=plain, aws_secret_access_key="not the secret").list_buckets()


def test_the_address_of_the_client_is_known(embedded_aws: EmbeddedAws) -> None:
    plain = embedded_aws.endpoint_url.replace("https://", "http://")
    elsewhere = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::by-address/*",
        "Condition": {"NotIpAddress": {"aws:SourceIp": "127.0.0.1/32"}},
    }
    put_bucket(embedded_aws, "by-address", elsewhere)
    assert get_object(embedded_aws, "by-address") == get_object(embedded_aws, "by-address", endpoint_url=plain)


# --- The CDK CLI
