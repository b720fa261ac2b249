"""Whatever comes instead of an answer of AWS, and whatever stands in one: a line, or lines that a terminal can show."""

import functools
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSResponse, HeadersDict
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused, CannotGoOn
from ghes_packages.live import deployed
from ghes_packages.live.access_keys import AccessKey
from ghes_packages.live.aws import CONFIG, explained, session_with
from ghes_packages.outputs import Outputs
from ghes_packages.settings import Format, Settings
from ghes_packages.status import Status
from tests import strangers
from tests.live.test_answers import CALLS, Raw
from tests.live.test_deployed import STACK

INSTANCE = Instance(name="production")
NOW = datetime(2026, 3, 1, tzinfo=UTC)
# Words of which botocore makes errors, lists and dates.
TAGS = ["Error", "Code", "Message", "Stacks", "member", "Rules", "Rule", "CreationTime", "StackName", "StackStatus"]


class Answered:
    """A session of which every client is answered with `status` and `body`."""

    region_name = "us-west-2"

    def __init__(self) -> None:
        self.session = session_with(
            None, region_name="us-west-2", aws_access_key_id="x", aws_secret_access_key="x", aws_session_token=None
        )
        self.status, self.body = 200, b""

    @functools.cache  # noqa: B019  # it lives as long as the tests
    def client(self, service: str, **_: Any) -> Any:
        config = CONFIG.merge(type(CONFIG)(retries={"total_max_attempts": 1}))
        client: Any = self.session.client(service, config=config)
        client.meta.events.register("before-send", self._answer)
        return client

    def _answer(self, **_: Any) -> Any:
        headers: Any = HeadersDict({"content-type": "text/html", "x-amz-request-id": "1"})
        return AWSResponse("https://aws", self.status, headers, Raw(self.body))


ANSWERED = Answered()


def in_xml(value: Any) -> str:
    """Each object as elements, each list as members."""
    match value:
        case dict():
            return "".join(f"<{key}>{in_xml(each)}</{key}>" for key, each in value.items())
        case list():
            return "".join(f"<member>{in_xml(each)}</member>" for each in value)
    return escape("".join(character for character in str(value) if character.isprintable()))


elements = st.recursive(
    strangers.text,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(TAGS), inner, max_size=3)),
    max_leaves=6,
)
bodies = st.one_of(
    st.binary(max_size=80),
    strangers.json.map(lambda value: json.dumps(value).encode()),
    elements.map(lambda value: f"<Answer>{in_xml(value)}</Answer>".encode()),
)


@settings(max_examples=2 * settings().max_examples)
@given(st.sampled_from(sorted(CALLS)), st.sampled_from([200, 302, 400, 403, 404, 500]), bodies)
def test_any_answer_is_read_or_told_in_one_printable_line(service: str, status: int, body: bytes) -> None:
    ANSWERED.status, ANSWERED.body = status, body
    lines: Sequence[str] = []
    try:
        with explained():
            CALLS[service](ANSWERED.client(service))
    except AwsRefused as refused:
        lines = refused.args
    assert len(lines) <= 1
    printable(lines)


outputs = st.fixed_dictionaries({field.alias: strangers.text for field in Outputs.model_fields.values()})
stacks: Any = st.fixed_dictionaries(
    {
        "StackName": st.just(STACK["StackName"]),
        "CreationTime": st.just(NOW.isoformat()),
        "StackId": st.one_of(st.just(STACK["StackId"]), strangers.text),
        "StackStatus": st.one_of(st.sampled_from(["CREATE_COMPLETE", "REVIEW_IN_PROGRESS"]), strangers.text),
        "Outputs": outputs.map(lambda found: [{"OutputKey": key, "OutputValue": found[key]} for key in found]),
    }
)


@given(stacks, st.data())
def test_any_stack_is_read_or_refused_in_printable_lines(stack: Any, data: st.DataObject) -> None:
    edited = data.draw(st.one_of(st.just(stack), st.builds(strangers.edited, st.just(stack), st.just(data.draw))))
    body = in_xml({"DescribeStacksResponse": {"DescribeStacksResult": {"Stacks": [edited]}}})
    ANSWERED.status, ANSWERED.body = 200, body.encode("utf-8", "replace")
    try:
        found = deployed.read(INSTANCE, ANSWERED)  # type: ignore[arg-type]
    except CannotGoOn as refused:
        printable([str(refused)])
        return
    for form in Format:
        printable(Settings(INSTANCE, found.outputs).write(form).split("\n"))


@given(outputs)
def test_any_value_is_written_in_printable_lines(found: dict[str, str]) -> None:
    for form in Format:
        printable(Settings(INSTANCE, Outputs.model_validate(found)).write(form).split("\n"))


times = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
keys = st.builds(
    AccessKey,
    st.sampled_from([None, 1, 2]),
    strangers.text,
    st.one_of(st.sampled_from(["Active", "Inactive"]), strangers.text),
    times,
    st.one_of(st.none(), times),
    st.one_of(st.none(), strangers.text),
)


@given(st.lists(keys, max_size=3), strangers.text)
def test_any_status_is_written_in_printable_lines(found: list[AccessKey], stack_status: str) -> None:
    day = timedelta(days=1)
    status = Status(INSTANCE, INSTANCE, stack_status, tuple(found), NOW, None, day, day)
    console = Console(file=(written := StringIO()), width=200, color_system=None)
    status.write_table(console)
    printable(written.getvalue().split("\n"))
    json.dumps(status.for_machines())


def printable(lines: Sequence[str]) -> None:
    assert [line for line in lines if not line.isprintable()] == []
