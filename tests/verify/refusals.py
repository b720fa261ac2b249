"""The embedded AWS, asked each call once and then remembered, and the rights that it asks for.

A user without any right makes each call first. The refusal says which action the call needs, and on what. So a command
that lacks one right is answered from memory, within milliseconds.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from ministack.core.iam_evaluator import fnmatch_iam_cs

from ghes_packages.live import aws
from ghes_packages.live.aws import ACCESS_DENIED, code, needed
from local_aws.embedded_aws import EmbeddedAws

Answer = tuple[Any, Mapping[str, Any]]

# How Secrets Manager refuses a secret to who may not decrypt it. The embedded AWS does not ask for that right.
NOT_DECRYPTED = ("AccessDeniedException", "Access to KMS is not allowed")


@dataclass(frozen=True)
class Right:
    """An action on what an ARN stands for."""

    action: str
    arn: str

    def is_for(self, other: "Right") -> bool:
        """Whether it grants the other, which is on one resource."""
        return self.action == other.action and fnmatch_iam_cs(other.arn, self.arn)

    def in_words(self) -> str:
        """As a command says it. AWS does not say on which key it could not decrypt; what S3 leaves out has no ARN."""
        if self.arn == "*" or self.action == "kms:Decrypt":
            return self.action
        return f"{self.action} on {self.arn.removeprefix('arn:aws:s3:::')}"


@dataclass
class Memory:
    """What AWS answers to the operator, whose access key ID is `operator`, and to the deployed key.

    `nobody` is the access key of a user without rights, `kms_key` the ARN of the key that encrypts the secret.
    `granted` are the operator's rights; with None the embedded AWS decides. With `access_key_refused` the deployed key
    may write and nothing else. `refused` is what the operator lacked so far.
    """

    embedded: EmbeddedAws
    operator: str
    nobody: Mapping[str, str]
    kms_key: str | None = None
    granted: Sequence[Right] | None = None
    access_key_refused: bool = False
    refused: set[Right] = field(default_factory=set)
    answers: dict[object, Answer] = field(default_factory=dict)
    refusals: dict[object, Answer] = field(default_factory=dict)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Answer every client's calls."""
        self._ask: Any = BaseClient._make_request  # type: ignore[attr-defined]
        monkeypatch.setattr(BaseClient, "_make_request", lambda *call: self._answer(*call))

    def _answer(self, client: BaseClient, model: Any, request: dict[str, Any], context: Any) -> Answer:
        signer = client._request_signer._credentials.access_key  # type: ignore[attr-defined]
        if signer == self.embedded.environment["AWS_ACCESS_KEY_ID"]:
            answer: Answer = self._ask(client, model, request, context)
            return answer
        asked = (client.meta.region_name, model.name, request["method"], request["url"], repr(request["body"]))
        call = (signer, *asked)
        if call not in self.answers or (self.granted is None and signer == self.operator):
            if signer == self.operator:
                self.refusals[asked] = self._asked_by_nobody(client, model, dict(request), context)
            self.answers[call] = self._ask(client, model, request, context)
        if signer == self.operator:
            refusal = self._refusal(model, asked)
        else:
            refused = self.access_key_refused and model.http["method"] in ("GET", "DELETE")
            refusal = _denied(self.answers[call], "AccessDenied", "Access Denied") if refused else None
        http, parsed = refusal or self.answers[call]
        return http, copy.deepcopy(parsed)

    def _refusal(self, model: Any, asked: object) -> Answer | None:
        if self.granted is None:
            return None
        answer = self.refusals[asked]
        error = ClientError(dict(answer[1]), model.name)  # type: ignore[arg-type]
        if code(error) not in ACCESS_DENIED:
            return None
        action, _, arn = needed(error).partition(" on ")
        right = Right(action, arn or "*")
        if not any(each.is_for(right) for each in self.granted):
            self.refused.add(right)
            # S3 may leave out what other services say.
            return _denied(answer, code(error), "Access Denied") if action.startswith("s3:") else answer
        if model.name == "GetSecretValue" and self.kms_key:
            decrypt = Right("kms:Decrypt", self.kms_key)
            if not any(each.is_for(decrypt) for each in self.granted):
                self.refused.add(decrypt)
                return _denied(answer, *NOT_DECRYPTED)
        return None

    def _asked_by_nobody(self, client: BaseClient, model: Any, request: dict[str, Any], context: Any) -> Answer:
        session = aws.session_with(None, **self.nobody, region_name=client.meta.region_name)
        make: Any = session.client
        nobody = make(model.service_model.service_name, config=client.meta.config)
        answer: Answer = self._ask(nobody, model, request, context)
        return answer


def _denied(answer: Answer, code: str, message: str) -> Answer:
    http = copy.copy(answer[0])
    http.status_code = 403
    metadata = {**answer[1].get("ResponseMetadata", {}), "HTTPStatusCode": 403}
    return http, {"Error": {"Code": code, "Message": message}, "ResponseMetadata": metadata}
