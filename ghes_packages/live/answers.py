"""What AWS answers, and what comes instead when a proxy, a captive portal or a bad line is in between."""

import json
from collections.abc import Callable
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError
from botocore.parsers import ResponseParserFactory

from ghes_packages.printable import one_line

# How much of what came instead is shown.
MOST_CHARACTERS = 60
HTML = (b"<!doctype html", b"<html")
REGION = "x-amz-bucket-region"


class UnreadableAnswer(BotoCoreError):
    """What came is no answer of AWS."""

    fmt = "{service} {operation}: {problem}"


class Answer(dict[str, Any]):
    """An answer of AWS. What it lacks is told, instead of a KeyError: `because` makes the error of the problem."""

    def __init__(self, fields: dict[str, Any], because: Callable[[str], UnreadableAnswer]) -> None:
        super().__init__({key: _complete(value, because) for key, value in fields.items()})
        self._because = because

    def __missing__(self, key: str) -> Any:
        """Raises UnreadableAnswer."""
        raise self._because(f"the answer lacks {key}")


def _complete(value: Any, because: Callable[[str], UnreadableAnswer]) -> Any:
    if isinstance(value, dict):
        return Answer(value, because)
    if isinstance(value, list):
        return [_complete(each, because) for each in value]
    return value


def read_by(session: botocore.session.Session) -> None:
    """Have every client of the session read its answers so."""
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
    """botocore's parser: whatever it cannot parse is one kind of error, and quotes what came."""

    def __init__(self, parser: Any, *, json_expected: bool) -> None:
        self._parser = parser
        self._json_expected = json_expected

    def parse(self, response: Any, shape: Any) -> Any:
        """What botocore makes of the response. Raises UnreadableAnswer."""

        def because(problem: str) -> UnreadableAnswer:
            return UnreadableAnswer(
                service=response["context"]["service"],
                operation=response["context"]["operation_name"],
                problem=problem,
            )

        body = response["body"]
        succeeded = response["status_code"] < 300
        if succeeded and isinstance(body, bytes) and self._is_none_of_awss(body):
            raise because(_instead(response))
        try:
            parsed = self._parser.parse(response, shape)
        except Exception as error:  # botocore lets out whatever it stumbles over
            raise because(_instead(response)) from error
        modeled = shape is not None and shape.metadata.get("exception")  # botocore knew the error, and reads more of it
        if not succeeded and not modeled and _is_a_status(parsed.get("Error", {}).get("Code")):
            # S3 names another region in a header. botocore follows any other redirect of S3's until it overflows.
            if response["status_code"] < 400 and REGION not in response["headers"]:
                raise because(_instead(response))
            # botocore found nothing of AWS's in the body: what is there helps more than the name of the status.
            parsed["Error"] = {"Code": str(response["status_code"]), "Message": _instead(response)}
        return Answer(parsed, because)

    def _is_none_of_awss(self, body: bytes) -> bool:
        if body.lstrip().lower().startswith(HTML):
            return True
        if not self._json_expected or not body:
            return False
        try:
            return not isinstance(json.loads(body), dict)
        except ValueError:
            return True


def _is_a_status(code: Any) -> bool:
    return not str(code or "0").strip("0123456789")


def _instead(response: Any) -> str:
    body = response["body"]
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else ""
    words = one_line(" ".join(text.split()))
    shown = f"{words[:MOST_CHARACTERS]}{'…' if len(words) > MOST_CHARACTERS else ''}" if words else "nothing"
    return f"HTTP {response['status_code']} with: {shown}"
