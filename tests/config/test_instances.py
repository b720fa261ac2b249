import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ghes_packages.config.instance import Instance
from ghes_packages.config.instances import choose, load
from ghes_packages.config.options import OPTIONS
from ghes_packages.errors import ConfigurationError


def complaint(tmp_path: Path, toml: str) -> str:
    """What the file is refused with, without its name."""
    file = tmp_path / "instances.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load(file)
    return str(refused.value).replace(f"{file}: ", "")


def test_a_table_becomes_an_instance(tmp_path: Path) -> None:
    file = tmp_path / "instances.toml"
    file.write_text(
        '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\nghes_version = "3.17"\naccess_key = 1'
    )
    assert load(file) == {
        "production": Instance(
            name="production", account="111122223333", region="us-west-2", ghes_version="3.17", access_key=1
        )
    }


def test_a_file_that_a_windows_editor_wrote_is_read(tmp_path: Path) -> None:
    file = tmp_path / "instances.toml"
    file.write_text("\ufeff[instances.production]\r\n", encoding="utf-8")
    assert list(load(file)) == ["production"]


def test_every_key_but_the_name_is_optional(tmp_path: Path) -> None:
    file = tmp_path / "instances.toml"
    file.write_text("[instances.production]")
    assert load(file)["production"].stack_name == "GhesPackages-production"


def test_the_order_of_the_tables_decides_nothing(tmp_path: Path) -> None:
    one, other = tmp_path / "one.toml", tmp_path / "other.toml"
    one.write_text("[instances.a]\n[instances.b]")
    other.write_text("[instances.b]\n[instances.a]")
    assert list(load(one).items()) == list(load(other).items())


def test_a_region_of_every_partition_is_known(tmp_path: Path) -> None:
    file = tmp_path / "instances.toml"
    for region in ("us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"):
        file.write_text(f'[instances.x]\naccount = "111122223333"\nregion = "{region}"')
        assert load(file)["x"].region == region


@pytest.mark.parametrize(
    ("toml", "line"),
    [
        ("", "has no instance; add a table such as [instances.production]"),
        ("[instances]", "has no instance; add a table such as [instances.production]"),
        (
            "[instance.production]",
            "instance: unknown key, did you mean instances?; allowed: tables [instances.NAME]",
        ),
        (
            'instances.production = "yes"',
            '[instances.production] = "yes": not a table; write [instances.NAME] with its keys below',
        ),
        (
            '[instances.production]\nregoin = "us-west-2"',
            '[instances.production] regoin = "us-west-2": unknown key, did you mean region?;'
            f" allowed: {', '.join(OPTIONS)}",
        ),
        (
            "[instances.ghes.example.com]",
            '[instances.ghes] example = {"com": {}}: unknown key; a name has no dots;'
            f" allowed: {', '.join(OPTIONS)}",
        ),
        (
            '[instances.production]\nname = "x"',
            f'[instances.production] name = "x": unknown key; allowed: {", ".join(OPTIONS)}',
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-wst-2"',
            '[instances.production] region = "us-wst-2": is not a region that the pinned botocore knows,'
            ' did you mean us-west-2?; allowed: the name of an AWS region in quotes, such as "us-west-2";'
            " together with account",
        ),
        (
            '[instances.production]\naccount = "1111"\nregion = "us-west-2"',
            '[instances.production] account = "1111": is not valid; allowed: twelve digits'
            ' in quotes, such as "111122223333"; together with region',
        ),
        (
            '[instances.production]\naccount = 111122223333\nregion = "us-west-2"',
            "[instances.production] account = 111122223333: Input should be a valid string; allowed: twelve digits"
            ' in quotes, such as "111122223333"; together with region',
        ),
        (
            '[instances.production]\nregion = "us-west-2"',
            "[instances.production] region without account; set both, or leave both out to use those of your AWS"
            " settings",
        ),
        (
            '[instances.production]\naccount = "111122223333"',
            "[instances.production] account without region; set both, or leave both out to use those of your AWS"
            " settings",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\nreplica_region = "us-east-1"\n'
            "[instances.PRODUCTION-replica]",
            "[instances.production] replica_region: its replica would be stack GhesPackages-production-Replica, which"
            " is the stack of [instances.PRODUCTION-replica]; give one of the two another name",
        ),
        (
            f'[instances.{"n" * 108}]\naccount = "111122223333"\nregion = "us-west-2"\nreplica_region = "us-east-1"',
            f'[instances.{"n" * 108}] replica_region = "us-east-1" with the stack name'
            f" GhesPackages-{'n' * 108}-Replica for the replica, and CloudFormation allows 128 characters; shorten"
            " the instance's name by 1",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\nreplica_region = "us-east-1"\n'
            f'stack_name = "{"n" * 122}"',
            f'[instances.production] replica_region = "us-east-1" with the stack name {"n" * 122}-Replica for the'
            " replica, and CloudFormation allows 128 characters; shorten stack_name by 2",
        ),
        (
            '[instances.a]\nstack_name = "GhesPackages-b"\n[instances.b]',
            '[instances.a] stack_name = "GhesPackages-b": [instances.b] has the same name, or the same without'
            " GhesPackages-; use another name",
        ),
        (
            '[instances.a]\nstack_name = "B"\n[instances.b]',
            '[instances.a] stack_name = "B": [instances.b] has the same name, or the same without GhesPackages-; use'
            " another name",
        ),
        (
            '[instances.production]\nstack_name = "acme_packages"',
            '[instances.production] stack_name = "acme_packages": is not valid; allowed: the name of a'
            " CloudFormation stack in quotes: letters, digits and hyphens, a letter first, at most 128 characters",
        ),
        (
            '[instances.production]\nbootstrap = "a qualifier"',
            '[instances.production] bootstrap = "a qualifier": is neither true nor a qualifier; allowed: true, or the'
            ' qualifier of your bootstrap in quotes, such as "acme"',
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\nbootstrap = true\n'
            'execution_role_arn = "arn:aws:iam::111122223333:role/x"',
            '[instances.production] execution_role_arn = "arn:aws:iam::111122223333:role/x" with bootstrap, which has'
            " its own execution role;"
            " leave one of the two out",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\n'
            'execution_role_arn = "arn:aws:iam::444455556666:role/x"',
            '[instances.production] execution_role_arn = "arn:aws:iam::444455556666:role/x" is in account 444455556666'
            " of aws, and the instance is in account 111122223333 of aws, us-west-2; name one from there",
        ),
        (
            '[instances.production]\nexecution_role_arn = "arn:aws:iam::111122223333:role/x"',
            '[instances.production] execution_role_arn = "arn:aws:iam::111122223333:role/x" without account and region:'
            " the account of the role cannot be checked; set account and region",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\nreplica_region = "eu-west-1"\n'
            'endpoint = "fips"',
            '[instances.production] endpoint = "fips" with replica_region = "eu-west-1", where the pinned botocore'
            " knows no such S3 endpoint; leave it out; regions of aws with one:"
            " ca-central-1, ca-west-1, us-east-1,"
            " us-east-2, us-west-1, us-west-2",
        ),
        (
            '[instances.production]\nprofile = ""',
            '[instances.production] profile = "": String should have at least 1 character; allowed: the name of a'
            ' profile in your AWS config file, in quotes, such as "production"; with account and region',
        ),
        (
            '[instances.production]\nrole_arn = "operator"',
            '[instances.production] role_arn = "operator": is not valid; allowed: the ARN of an IAM role in quotes,'
            " in the account and the partition of the instance; with account and region",
        ),
        (
            '[instances.production]\nrole_arn = "arn:aws-us-gob:iam::111122223333:role/x"',
            '[instances.production] role_arn = "arn:aws-us-gob:iam::111122223333:role/x": aws-us-gob is not an AWS'
            " partition"
            ", did you mean aws-us-gov?; allowed: the ARN of an IAM role in quotes, in the account and the"
            " partition of the instance; with account and region",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\n'
            'role_arn = "arn:aws:iam::444455556666:role/x"',
            '[instances.production] role_arn = "arn:aws:iam::444455556666:role/x" is in account 444455556666 of aws,'
            " and the instance is in account 111122223333 of aws, us-west-2; name one from there",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "cn-north-1"\n'
            'role_arn = "arn:aws:iam::111122223333:role/x"',
            '[instances.production] role_arn = "arn:aws:iam::111122223333:role/x" is in account 111122223333 of aws,'
            " and the instance is in account 111122223333 of aws-cn, cn-north-1; name one from there",
        ),
        (
            '[instances.production]\nprofile = "production"',
            '[instances.production] profile = "production" without account and region: cdk does not use profile, and'
            " could deploy to another account or region than the commands check; set account and region",
        ),
        (
            '[instances.production]\nencryption = "arn:aws:kms:us-west-2:111122223333:key/'
            '1234abcd-12ab-34cd-56ef-1234567890ab"',
            '[instances.production] encryption = "arn:aws:kms:us-west-2:111122223333:key/'
            '1234abcd-12ab-34cd-56ef-1234567890ab" without account and region: the account of the key cannot be'
            " checked; set account and region",
        ),
        (
            '[instances.production]\nendpoint = "fips"',
            '[instances.production] endpoint = "fips" without region, and not every region has such an S3 endpoint;'
            " set account and region, or leave endpoint out",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "eu-west-1"\nendpoint = "fips"',
            '[instances.production] endpoint = "fips" with region = "eu-west-1", where the pinned botocore knows no'
            " such S3 endpoint; leave it out; regions of aws with one:"
            " ca-central-1, ca-west-1, us-east-1, us-east-2,"
            " us-west-1, us-west-2",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "eusc-de-east-1"\nendpoint = "dualstack"',
            '[instances.production] endpoint = "dualstack" with region = "eusc-de-east-1", where the pinned botocore'
            " knows no such S3 endpoint; leave it out; regions of aws-eusc with one: none",
        ),
        (
            '[instances.production]\naccount = "111122223333"\nregion = "us-west-2"\nendpoint = "dualstack"\n'
            'allowed_cidrs = ["203.0.113.0/24"]',
            '[instances.production] allowed_cidrs without an IPv6 range with endpoint = "dualstack": S3 would refuse'
            " clients that use IPv6; add their ranges"
            ", or leave endpoint out",
        ),
        (
            '[instances.production]\nendpoint = "ipv6"',
            "[instances.production] endpoint = \"ipv6\": Input should be 'standard', 'fips' or 'dualstack'; allowed:"
            ' "standard", "fips", "dualstack"; the last two with region',
        ),
        (
            '[instances.production]\nghes_version = "3"',
            '[instances.production] ghes_version = "3": is not valid;'
            ' allowed: a GHES release in quotes, major and minor, such as "3.17"',
        ),
        (
            "[instances.production]\nghes_version = 3.17",
            "[instances.production] ghes_version = 3.17: Input should be a valid string;"
            ' allowed: a GHES release in quotes, major and minor, such as "3.17"',
        ),
        (
            '[instances.production]\nghes_version = "2.21"',
            '[instances.production] ghes_version = "2.21": has no GitHub Packages, which came with 2.22;'
            ' allowed: a GHES release in quotes, major and minor, such as "3.17"',
        ),
        (
            "[instances.production]\naccess_key = 0",
            "[instances.production] access_key = 0: Input should be greater than or equal to 1;"
            " allowed: a whole number, 1 at first, one more with each rotation",
        ),
        (
            "[instances.production]\naccess_key = true",
            "[instances.production] access_key = true: Input should be a valid integer;"
            " allowed: a whole number, 1 at first, one more with each rotation",
        ),
        (
            "[instances.production]\naccess_key = 2",
            "[instances.production] access_key = 2 without previous_access_key; set the state of access key 1:"
            ' "active", "inactive" or "deleted"',
        ),
        (
            '[instances.production]\nprevious_access_key = "active"',
            '[instances.production] previous_access_key = "active" with access_key = 1, which has no previous key;'
            " leave it out, or raise access_key to 2",
        ),
        (
            '[instances.production]\naccess_key = 2\nprevious_access_key = "gone"',
            "[instances.production] previous_access_key = \"gone\": Input should be 'active', 'inactive' or 'deleted';"
            ' allowed: "active", "inactive", "deleted"; only and always with access_key above 1',
        ),
        (
            '[instances."my server"]',
            '[instances."my server"] the name must be letters, digits and hyphens, no hyphen at either end,'
            " at most 115 characters",
        ),
        (
            '[instances."my server"]\nregion = "us-west-2"',
            '[instances."my server"] the name must be letters, digits and hyphens, no hyphen at either end,'
            " at most 115 characters",
        ),
        (
            f"[instances.{'x' * 116}]",
            f'[instances."{"x" * 116}"] the name must be letters, digits and hyphens, no hyphen at either end,'
            " at most 115 characters",
        ),
        (
            '[instances."a\\u001b[31m"]',
            '[instances."a\\u001b[31m"] the name must be letters, digits and hyphens, no hyphen at either end,'
            " at most 115 characters",
        ),
        ("instances = 3", "instances = 3: not a table; write [instances.NAME] instead"),
        (
            '[instances.production]\nghes_version = "٣.١٧"',
            '[instances.production] ghes_version = "٣.١٧": is not valid;'
            ' allowed: a GHES release in quotes, major and minor, such as "3.17"',
        ),
        (
            "[instances.Production]\n[instances.production]",
            "Production and production differ only in case; give them different names",
        ),
    ],
)
def test_a_mistake_is_one_line_that_names_the_fix(tmp_path: Path, toml: str, line: str) -> None:
    assert complaint(tmp_path, toml) == line


def test_two_instances_with_one_name_are_refused(tmp_path: Path) -> None:
    line = complaint(tmp_path, "[instances.production]\n[instances.production]")
    assert line.startswith("is not valid TOML: ")
    assert line.endswith(
        "; write each instance as one table [instances.NAME], use each name once, and put text in quotes"
    )
    assert "\n" not in line


@pytest.mark.parametrize(
    ("first", "second", "line"),
    [
        (
            'existing_bucket = "old"',
            'existing_bucket = "old"',
            '[instances.b] existing_bucket = "old": is the bucket of',
        ),
        ('bucket_name = "one"', 'existing_bucket = "one"', '[instances.b] existing_bucket = "one": is the bucket of'),
        ('bucket_name = "one"', 'access_logs = "one"', '[instances.b] access_logs = "one": is the bucket of'),
    ],
)
def test_two_servers_never_share_a_bucket(tmp_path: Path, first: str, second: str, line: str) -> None:
    told = complaint(tmp_path, f"[instances.a]\n{first}\n[instances.b]\n{second}")
    assert told.startswith(f"{line} [instances.a]")
    assert told.endswith("; name another bucket") or told.endswith(": name another bucket")
    assert "\n" not in told


@pytest.mark.parametrize(
    ("option", "problem"),
    [
        ('allowed_cidrs = ["203.0.113.0/24", "10.0.0.0/8"]', 'allowed_cidrs[1] = "10.0.0.0/8": is not public'),
        ('allowed_cidrs = ["203.0.113.0/24", "203.0.113.0/24"]', "has the same item twice"),
        ("allowed_cidrs = []", "is empty"),
        ('allowed_cidrs = ["224.0.0.0/4"]', "is not public"),
        ('allowed_cidrs = ["::ffff:203.0.113.1"]', "is not public"),
        ('allowed_cidrs = ["2001:db8::1%eth0"]', "has a scope"),
        ('tags = { x = "a\\nb" }', "with characters or a length that AWS does not allow"),
        ('allowed_cidrs = ["203.0.113.0/255.255.255.0"]', "IAM needs a prefix length: 203.0.113.0/24"),
        ('allowed_cidrs = "203.0.113.0/24"', "is not a list"),
        ('allowed_vpc_endpoints = ["vpc-1a2b3c4d"]', 'allowed_vpc_endpoints[0] = "vpc-1a2b3c4d": is not valid'),
        ('allowed_vpc_endpoints = ["vpce-1A2B3C4D"]', 'such as ["vpce-0123456789abcdef0"]'),
        ('allowed_vpc_endpoints = ["vpce-1a2b3c4d", "vpce-1a2b3c4d"]', "has the same item twice"),
        ("allowed_vpc_endpoints = []", "is empty"),
        ('allowed_vpc_endpoints = "vpce-1a2b3c4d"', "is not a list"),
        ('secret_readers = ["*"]', 'secret_readers[0] = "*": is not valid'),
        ('secret_readers = ["arn:aws:iam::111122223333:user/x"]', "is not valid"),
        ('permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"', "a customer managed IAM policy"),
        ('rule_packs = ["Nist"]', 'rule_packs[0] = "Nist": Input should be'),
        ('tags = "x"', "is not a table"),
        ("tags = { cost-center = 1234 }", "tags.cost-center = 1234: Input should be a valid string"),
        ('tags = { "cost.center" = 1 }', 'tags."cost.center" = 1: Input should be a valid string'),
        ('tags = { "aws:x" = "y" }', "AWS reserves aws:"),
        ('tags = { cost = "1", Cost = "2" }', "have a key twice"),
        ('access_logs = "none"', "this cannot be switched off"),
        ('bucket_name = "a.b.c"', "is not valid"),
        ('bucket_name = "sthree-packages"', "has a prefix or suffix that S3 reserves"),
        ('bucket_name = "packages--table-s3"', "has a prefix or suffix that S3 reserves"),
        ('bucket_name = "packages-an"', "ends with -an, which S3 allows only in an account regional"),
        ("noncurrent_days = 0", "greater than or equal to 1"),
        ('storage_class = "glacier"', "Input should be 'standard' or 'intelligent-tiering'; allowed: \"standard\","),
        ('storage_class = "INTELLIGENT_TIERING"', 'allowed: "standard", "intelligent-tiering"'),
    ],
)
def test_a_wrong_value_of_an_option_is_one_line(tmp_path: Path, option: str, problem: str) -> None:
    told = complaint(tmp_path, f"[instances.a]\n{option}")
    assert problem in told
    assert "; allowed: " in told
    assert "\n" not in told


@pytest.mark.parametrize("option", ["existing_bucket", "access_logs"])
def test_a_bucket_that_is_there_may_be_in_an_account_regional_namespace(tmp_path: Path, option: str) -> None:
    name = "packages-111122223333-us-west-2-an"
    file = tmp_path / "instances.toml"
    file.write_text(f'[instances.a]\n{option} = "{name}"\n')
    assert getattr(load(file)["a"], option) == name


def test_what_does_not_go_with_an_existing_bucket_is_told_in_one_line(tmp_path: Path) -> None:
    told = complaint(
        tmp_path,
        '[instances.a]\nexisting_bucket = "old"\nnoncurrent_days = 5\naccess_logs = "logs"\n'
        'storage_class = "intelligent-tiering"',
    )
    assert "access_logs, noncurrent_days, storage_class with existing_bucket" in told
    assert "\n" not in told


CIDRS = [f"203.{a}.{b}.0/24" for a in range(2) for b in range(200)]
ENDPOINTS = [f"vpce-{number:017x}" for number in range(201)]


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (f"allowed_cidrs = {CIDRS}", "allowed_cidrs with 6580 characters"),
        (f"allowed_vpc_endpoints = {ENDPOINTS}", "allowed_vpc_endpoints with 5025 characters"),
        (
            f"allowed_cidrs = {CIDRS[:200]}\nallowed_vpc_endpoints = {ENDPOINTS[:100]}",
            "allowed_cidrs, allowed_vpc_endpoints with 5790 characters",
        ),
    ],
)
def test_more_addresses_and_endpoints_than_a_policy_takes_are_told_together(
    tmp_path: Path, options: str, line: str
) -> None:
    assert complaint(tmp_path, f"[instances.a]\n{options}") == (
        f"[instances.a] {line} in the policy of the user, which has room for 5000; merge neighbouring ranges, or"
        " name fewer endpoints"
    )


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    lines = complaint(tmp_path, "[instances.a]\nx = 1\naccess_key = -3\n[instances.b]\naccess_key = -4").splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "[instances.a] x = 1",
        "[instances.a] access_key = -3",
        "[instances.b] access_key = -4",
    ]


def test_a_missing_file_names_the_ways_to_give_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no such file.*cdk -c instances=FILE.*--instances FILE"):
        load(tmp_path / "instances.toml")


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_what_is_not_a_text_file_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "instances.toml"
    file.mkdir() if content is None else file.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"cannot be read: .*; it must be a UTF-8 text file"):
        load(file)


@pytest.fixture
def _the_recursion_limit_of_python() -> Iterator[None]:
    """A library that other tests load raises it."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize(
    ("toml", "problem"),
    [
        (f"access_key = {'1' * 5000}", "cannot be read: it has a number with thousands of digits, or hundreds of"),
        (
            f"tags = {'[' * 2000}{']' * 2000}",
            "cannot be read: it has a number with thousands of digits, or hundreds of",
        ),
        (f"{'.'.join('a' * 3000)} = 1", "[instances.x] a = "),
    ],
)
@pytest.mark.usefixtures("_the_recursion_limit_of_python")
def test_more_than_python_can_read_is_one_line(tmp_path: Path, toml: str, problem: str) -> None:
    told = complaint(tmp_path, f"[instances.x]\n{toml}")
    assert told.startswith(problem)
    assert len(told) < 1000
    assert "\n" not in told


@pytest.mark.parametrize(
    ("access_key", "previous", "statuses"),
    [
        (1, None, {1: "Active"}),
        (2, "active", {2: "Active", 1: "Active"}),
        (2, "inactive", {2: "Active", 1: "Inactive"}),
        (2, "deleted", {2: "Active"}),
        (7, "active", {7: "Active", 6: "Active"}),
    ],
)
def test_there_are_never_more_than_two_access_keys(
    access_key: int, previous: str | None, statuses: dict[int, str]
) -> None:
    instance = Instance.model_validate({"name": "x", "access_key": access_key, "previous_access_key": previous})
    assert instance.access_keys == statuses


def test_the_only_instance_needs_no_name() -> None:
    only = Instance(name="production")
    assert choose({"production": only}, None) is only


def test_one_of_several_must_be_named() -> None:
    instances = {name: Instance(name=name) for name in ("production", "staging")}
    with pytest.raises(ConfigurationError, match="has 2 instances; name one: production, staging"):
        choose(instances, None)
    with pytest.raises(ConfigurationError, match=r"no instance stagging, did you mean staging\?"):
        choose(instances, "stagging")


def test_every_option_says_what_is_allowed_and_what_comes_of_it() -> None:
    assert OPTIONS.keys() == Instance.model_fields.keys() - {"name"}
    assert all(option.allowed and option.consequence for option in OPTIONS.values())
