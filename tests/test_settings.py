import json
import shlex

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.outputs import Outputs, PackagesSecret
from ghes_packages.settings import Format, Settings

OUTPUTS = Outputs(
    AwsServiceUrl="https://s3.us-west-2.amazonaws.com",
    AwsS3Bucket="the-bucket",
    AwsS3Region="us-west-2",
    AwsS3AccessKey="the-key-id",
    AwsS3SecretKeyReference="the-secret-arn",
    IamUserName="the-user",
)
# With the characters that AWS uses in secret keys and that shells and forms are prone to break.
SECRET_KEY = "not/a+real secret'key"
SECRET = PackagesSecret(
    access_key_id="the-key-id",
    secret_access_key=SECRET_KEY,
    bucket="the-bucket",
    service_url="https://s3.us-west-2.amazonaws.com",
    region="us-west-2",
)


def write(form: Format, *, secret: PackagesSecret | None = None, release: str | None = "3.17") -> str:
    return Settings(Instance(name="production", ghes_version=release), OUTPUTS, secret).write(form)


@pytest.mark.parametrize("form", Format)
def test_the_secret_key_is_shown_only_if_it_was_asked_for(form: Format) -> None:
    assert SECRET_KEY not in write(form)
    shown = write(form, secret=SECRET)
    assert SECRET_KEY in shown or shlex.quote(SECRET_KEY) in shown


def test_the_secret_key_is_in_no_representation() -> None:
    assert SECRET_KEY not in repr(Settings(Instance(name="x"), OUTPUTS, SECRET))


@pytest.mark.parametrize("form", Format)
def test_no_line_ends_with_a_blank_that_would_be_pasted(form: Format) -> None:
    assert all(line == line.rstrip() for line in write(form, secret=SECRET).splitlines())


def test_the_table_has_the_labels_of_the_console_each_with_its_value_on_a_line_of_its_own() -> None:
    assert write(Format.TABLE, secret=SECRET).splitlines() == [
        "Management Console of GHES 3.17 > Packages > Amazon S3",
        "",
        "AWS Service URL",
        "  https://s3.us-west-2.amazonaws.com",
        "AWS S3 Bucket",
        "  the-bucket",
        "AWS S3 Access Key",
        "  the-key-id",
        "AWS S3 Secret Key",
        f"  {SECRET_KEY}",
    ]


def test_without_the_secret_key_the_table_says_where_it_is() -> None:
    assert write(Format.TABLE).splitlines()[-2:] == [
        "  shown with --show-secret; in Secrets Manager it is",
        "  the-secret-arn",
    ]


@pytest.mark.parametrize(("release", "asked"), [("2.22", True), ("3.0", False), ("3.17", False), (None, False)])
def test_only_the_console_of_2_22_asks_for_the_region(release: str | None, asked: bool) -> None:
    assert ("AWS S3 Region\n  us-west-2" in write(Format.TABLE, release=release)) is asked


def test_json_has_the_keys_of_the_outputs() -> None:
    written = json.loads(write(Format.JSON, secret=SECRET))
    assert written == {**OUTPUTS.model_dump(by_alias=True, exclude_none=True), "AwsS3SecretKey": SECRET_KEY}


def test_env_can_be_read_by_a_shell() -> None:
    words = shlex.split(write(Format.ENV, secret=SECRET))
    assert dict(word.split("=", 1) for word in words) == {
        "AWS_SERVICE_URL": "https://s3.us-west-2.amazonaws.com",
        "AWS_S3_BUCKET": "the-bucket",
        "AWS_S3_REGION": "us-west-2",
        "AWS_S3_ACCESS_KEY": "the-key-id",
        "AWS_S3_SECRET_KEY_REFERENCE": "the-secret-arn",
        "IAM_USER_NAME": "the-user",
        "AWS_S3_SECRET_KEY": SECRET_KEY,
    }


def test_ghe_config_sets_every_field_and_applies() -> None:
    commands = [
        shlex.split(line) for line in write(Format.GHE_CONFIG, secret=SECRET).splitlines() if not line.startswith("#")
    ]
    assert commands == [
        ["ghe-config", "app.packages.enabled", "true"],
        ["ghe-config", "secrets.packages.blob-storage-type", "s3"],
        ["ghe-config", "secrets.packages.service-url", "https://s3.us-west-2.amazonaws.com"],
        ["ghe-config", "secrets.packages.s3-bucket", "the-bucket"],
        ["ghe-config", "secrets.packages.aws-access-key", "the-key-id"],
        ["ghe-config", "secrets.packages.aws-secret-key", SECRET_KEY],
        ["ghe-config-apply"],
    ]


def test_ghe_config_without_the_secret_key_applies_nothing() -> None:
    commands = [line for line in write(Format.GHE_CONFIG).splitlines() if not line.startswith("#")]
    assert all("secret-key" not in line and "apply" not in line for line in commands)


def test_the_table_is_lines_that_no_terminal_obeys() -> None:
    outputs = OUTPUTS.model_copy(update={"bucket": "a\x1b[2J\nAWS S3 Secret Key\n  spoofed"})
    written = Settings(Instance(name="production"), outputs, SECRET).write(Format.TABLE)
    assert "  a?[2J?AWS S3 Secret Key?  spoofed" in written.splitlines()
