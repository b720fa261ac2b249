"""AWS's answers, and answers of a proxy, a captive portal or a bad line instead."""

import json
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.parsers import ResponseParserFactory

from ghes_packages.errors import AwsRefused
from ghes_packages.printable import one_line

IN_BETWEEN = "is there a proxy or a captive portal? check the network, HTTPS_PROXY and AWS_ENDPOINT_URL"

# How much of what came instead is shown.
MOST_CHARACTERS = 60
HTML = (b"<!doctype html", b"<html")
REGION, REQUEST_ID = "x-amz-bucket-region", "x-amz-request-id"
S3 = "Amazon Simple Storage Service"


class UnreadableAnswer(AwsRefused):
    """The answer is not from AWS."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"{problem}; {IN_BETWEEN}")


Because = Callable[[str], UnreadableAnswer]


class Answer(dict[str, Any]):
    """An answer of AWS. A missing key raises the error that `because` makes, instead of a KeyError."""

    def __init__(self, fields: dict[str, Any], because: Because) -> None:
        super().__init__({key: _complete(value, because) for key, value in fields.items()})
        self._because = because

    def __missing__(self, key: str) -> Any:
        """Raises UnreadableAnswer."""
        raise self._because(f"the answer lacks {key}")


class _List(list[Any]):
    """The same for a list in an answer."""

    def __init__(self, items: list[Any], because: Because) -> None:
        super().__init__(_complete(each, because) for each in items)
        self._because = because

    def __getitem__(self, place: Any) -> Any:
        """Raises UnreadableAnswer."""
        try:
            return super().__getitem__(place)
        except IndexError:
            raise self._because("the answer has an empty list") from None


def _complete(value: Any, because: Because) -> Any:
    if isinstance(value, dict):
        return Answer(value, because)
    if isinstance(value, list):
        return _List(value, because)
    return value


def read_by(session: botocore.session.Session) -> None:
    """Make every client of the session read its answers like this."""
    session.register_component("response_parser_factory", _Parsers())
    session.register("before-parse", _name_the_service)


def _name_the_service(**event: Any) -> None:
    service = event["operation_model"].service_model.metadata["serviceFullName"]
    event["response_dict"]["context"]["service"] = service


class _Parsers(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> Any:
        """The parser of a protocol."""
        return _Parser(super().create_parser(protocol_name), json_expected="json" in protocol_name.split("-"))


class _Parser:
    """botocore's parser, with one kind of error for everything that it cannot parse. The error quotes the answer."""

    def __init__(self, parser: Any, *, json_expected: bool) -> None:
        self._parser = parser
        self._json_expected = json_expected

    def parse(self, response: Any, shape: Any) -> Any:
        """What botocore makes of the response. Raises UnreadableAnswer."""

        def because(problem: str) -> UnreadableAnswer:
            asked = f"{response['context']['service']} {response['context']['operation_name']}"
            return UnreadableAnswer(f"the answer is not from AWS: {asked}: {problem}")

        instead = _instead(response, shape)
        succeeded = response["status_code"] < 300
        if succeeded and self._is_none_of_awss(response, shape):
            raise because(instead)
        try:
            parsed = self._parser.parse(response, shape)
        except Exception as error:  # botocore lets out whatever it stumbles over
            raise because(instead) from error
        modeled = shape is not None and shape.metadata.get("exception")  # botocore knew the error, and reads more of it
        if "Error" in parsed:
            # Also if it, or one of its fields, is empty or of another type.
            said = parsed["Error"] if isinstance(parsed["Error"], dict) else {}
            parsed["Error"] = {**said, **{key: str(said.get(key) or "") for key in ("Code", "Message")}}
        if not succeeded and not modeled and is_a_status(parsed.get("Error", {}).get("Code")):
            # S3 names another region in a header. botocore follows any other redirect of S3's until it overflows.
            if response["status_code"] < 400 and REGION not in response["headers"]:
                raise because(instead)
            # botocore found no AWS error in the body: the body helps more than the name of the status.
            parsed["Error"] = {"Code": str(response["status_code"]), "Message": instead}
        return Answer(parsed, because)

    def _is_none_of_awss(self, response: Any, shape: Any) -> bool:
        body = response["body"]
        if response["context"]["service"] == S3 and REQUEST_ID not in response["headers"]:
            return True  # the bodies of many of S3's answers are empty, or are objects, and say nothing
        if _is_html(body):
            return True
        if not self._json_expected or shape is None:
            return False
        try:
            return not isinstance(json.loads(body), dict)
        except ValueError:
            return True


def _is_html(body: Any) -> bool:
    return isinstance(body, bytes) and body.lstrip().lower().startswith(HTML)


def _holds_a_secret(shape: Any) -> bool:
    """Whether the body may, as AWS's model of the answer says."""
    in_the_body = [] if shape is None else [each for each in shape.members.values() if not each.serialization]
    return any(member.metadata.get("sensitive") for member in in_the_body)


def is_a_status(code: Any) -> bool:
    """Whether that is no error code of AWS's, but what botocore has in its place: the HTTP status, or nothing."""
    return not str(code or "0").strip("0123456789")


def _instead(response: Any, shape: Any) -> str:
    body = response["body"]
    secret = response["status_code"] < 300 and _holds_a_secret(shape) and not _is_html(body)
    if secret or not isinstance(body, bytes):
        body = response["headers"].get("content-type", "").encode()
    words = one_line(" ".join(body.decode("utf-8", "replace").split()))
    shown = f"{words[:MOST_CHARACTERS]}{'…' if len(words) > MOST_CHARACTERS else ''}" if words else "nothing"
    return f"HTTP {response['status_code']} with: {shown}"
