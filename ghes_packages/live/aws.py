"""How the commands call AWS: boto3 with its own settings, and one line for every refusal."""

import os
import re
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
import botocore.exceptions
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    InvalidRegionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSLError,
    SSOError,
    TokenRetrievalError,
)
from botocore.handlers import parse_get_bucket_location
from botocore.httpsession import get_cert_path
from botocore.loaders import create_loader
from botocore.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from ghes_packages.config.instance import Instance
from ghes_packages.errors import AwsRefused, CannotGoOn, ConfigurationError
from ghes_packages.live.answers import REQUEST_ID, UnreadableAnswer, is_a_status, read_by
from ghes_packages.live.calls import logged_by
from ghes_packages.policies import s3_actions
from ghes_packages.printable import one_line

# An administrator waits at a terminal: a network that is down must show within seconds.
CONFIG = Config(
    connect_timeout=5,
    read_timeout=30,
    retries={"mode": "standard", "total_max_attempts": 3},
    max_pool_connections=256,  # 8 for each of the instances of `verify --all`, which may share a session
    signature_version="v4",
)
S3_CONFIG = CONFIG.merge(Config(signature_version="s3v4"))

ACCESS_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"})
UNKNOWN_KEY = frozenset({"InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException"})
WRONG_SIGNATURE = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature"})
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException"})
WRONG_CLOCK = frozenset({"RequestTimeTooSkewed", "RequestExpired"})
# How all services except S3 report a wrong clock, with a code of WRONG_SIGNATURE.
NOT_IN_TIME = ("Signature expired", "Signature not yet current")
# AWS's answers when it cannot take a request now, besides HTTP 307, a redirect, and all from 500 on.
BUSY = frozenset(
    {
        *("RequestLimitExceeded", "RequestTimeout"),
        *("Throttling", "ThrottlingException", "TooManyRequestsException"),
    }
)
# The key in an S3 refusal for the action that the call needs.
LACKING = "ghes-packages-lacking"

# A session of botocore's reads megabytes of its data, which takes longer than most requests; here, the first one does.
LOADER = create_loader()
_ONE_AT_A_TIME = threading.Lock()


class NotProcessed(AwsRefused):
    """AWS answered without processing the request, so the result is not known."""


class Session(boto3.Session):
    """Makes each client once, and all clients share connections.

    Threads may share it: boto3 documents that of clients, and not of sessions.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._clients: dict[object, Any] = {}
        self._connections: dict[str, Any] = {}
        self._one_at_a_time = threading.Lock()

    def client(self, service_name: str, **options: Any) -> Any:  # type: ignore[override]
        """Raises what boto3 raises."""
        made = (service_name, frozenset(options.items()))
        with self._one_at_a_time:
            if made not in self._clients:
                client: Any = super().client(service_name, **options)  # type: ignore[call-overload]
                # botocore gives each client its own, and reads all certificates that it trusts for each one anew.
                proxies, endpoint = get_environ_proxies(client.meta.endpoint_url), client._endpoint
                endpoint.http_session = self._connections.setdefault(str(proxies), endpoint.http_session)
                self._clients[made] = client
            return self._clients[made]

    def trusted_certificates(self) -> str:
        """The file of the certificates that clients trust."""
        configured = self._session.get_config_variable("ca_bundle") or os.environ.get("REQUESTS_CA_BUNDLE")
        return str(configured or get_cert_path(True))


def session(instance: Instance) -> Session:
    """The operator's session for an instance: its region, signed in with its profile, in its role.

    Raises ConfigurationError where the local settings cannot be used, AwsRefused where the role cannot be assumed.
    """
    with explained():
        # boto3 knows AWS_DEFAULT_REGION only; the CDK CLI, which made the stack, takes AWS_REGION before it.
        operator = _operator(instance.profile, instance.region or os.environ.get("AWS_REGION"))
        region = operator.region_name
    if region is None:
        raise ConfigurationError(
            f"[instances.{instance.name}] has no region, and your AWS settings have none;"
            " set account and region in its table, or AWS_REGION"
        )
    try:
        with explained():
            operator.client("cloudformation", config=CONFIG)
    except ValueError as error:
        raise ConfigurationError(f"your AWS settings cannot be used: {error}; correct that setting") from None
    return _in_role(instance, operator) if instance.role_arn else operator


def _operator(profile: str | None, region: str | None) -> Session:
    """The same session for all instances with the same settings: making one takes longer than some ten calls."""
    with _ONE_AT_A_TIME:
        return _operator_with(profile, region, frozenset(each for each in os.environ.items() if "AWS_" in each[0]))


@cache
def _operator_with(profile: str | None, region: str | None, _environment: frozenset[tuple[str, str]]) -> Session:
    return session_with(profile, region_name=region)


def session_with(profile: str | None, **credentials_and_region: str | None) -> Session:
    """A session with the settings of a profile; `credentials_and_region`, boto3's own arguments, come before its.

    Raises ConfigurationError where the certificates that it is to trust cannot be read.
    """
    session = botocore.session.Session(profile=profile)
    _read_certificates(session)
    session.register_component("data_loader", LOADER)
    read_by(session)
    session.register("provide-client-params.s3", _note_what_is_needed)
    session.register("after-call.s3", _say_what_is_lacking)
    logged_by(session)
    # It reads the answer before the handler below, and fails on one that is not from AWS. Nothing needs the region.
    reads_location: Any = parse_get_bucket_location
    session.unregister("after-call.s3.GetBucketLocation", reads_location)
    session.register("after-call", _refuse_what_says_nothing)
    return Session(botocore_session=session, **credentials_and_region)


def _read_certificates(session: botocore.session.Session) -> None:
    """Otherwise the first request fails, and the fault seems to be on the other side."""
    settings = {
        "AWS_CA_BUNDLE": os.environ.get("AWS_CA_BUNDLE"),
        "ca_bundle of your profile": session.get_config_variable("ca_bundle"),
        "REQUESTS_CA_BUNDLE": os.environ.get("REQUESTS_CA_BUNDLE"),
    }
    for setting, file in [named for named in settings.items() if named[1] is not None][:1]:  # boto3 takes the first
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
        except OSError as error:
            raise ConfigurationError(
                f'{setting} = "{file}": cannot be used: {error.strerror}; name a PEM file of certificates,'
                " or leave it out"
            ) from None


def _in_role(instance: Instance, operator: Session) -> Session:
    """A session in the instance's role, for an hour, which is longer than any command takes."""
    refused = (
        f'role_arn = "{instance.role_arn}" of [instances.{instance.name}] cannot be assumed: your credentials need'
        " sts:AssumeRole on it, and its trust policy must name them"
    )
    with explained(dict.fromkeys(ACCESS_DENIED, refused)):
        credentials = operator.client("sts", config=CONFIG).assume_role(
            RoleArn=str(instance.role_arn), RoleSessionName="ghes-packages"
        )["Credentials"]
    return session_with(
        instance.profile,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        region_name=operator.region_name,
    )


def account(operator: Session) -> str:
    """The account that the operator's credentials are for."""
    with explained():
        return str(operator.client("sts", config=CONFIG).get_caller_identity()["Account"])


@contextmanager
def explained(known: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turns what botocore raises into one line that says what to do.

    `known` holds the line for error codes that have a meaning of their own in this place.
    """
    try:
        yield
    except ClientError as error:
        raise _with_notes(AwsRefused((known or {}).get(code(error)) or _refusal(error)), error) from None
    except (BotoCoreError, HTTPError) as error:
        raise _with_notes(_no_answer(error), error) from None
    except OSError as error:
        # A token file or a credential process that is not there.
        raise ConfigurationError(f"your AWS settings cannot be used: {error}; correct that setting") from None


def _with_notes(line: CannotGoOn, error: Exception) -> CannotGoOn:
    for note in getattr(error, "__notes__", ()):
        line.add_note(note)
    return line


def _refuse_what_says_nothing(**event: Any) -> None:
    """Raise for answers that say nothing about the request, so that no caller takes them for a refusal."""
    response, model = event["http_response"], event["model"]
    if response.status_code < 300:
        return
    error = ClientError(event["parsed"], model.name)
    # S3 answers HEAD without a body, and so without a code.
    if is_a_status(code(error)) and not (model.http["method"] == "HEAD" and REQUEST_ID in response.headers):
        raise UnreadableAnswer(f"{model.name} was not answered by AWS: {_message(error)}")
    busy = response.status_code == 307 or response.status_code >= 500 or code(error) in BUSY
    if busy or code(error) in EXPIRED or _is_about_the_clock(error):
        raise NotProcessed(_refusal(error))


def _is_about_the_clock(error: ClientError) -> bool:
    not_in_time = code(error) in WRONG_SIGNATURE and _message(error).startswith(NOT_IN_TIME)
    return not_in_time or code(error) in WRONG_CLOCK


def code(error: ClientError) -> str:
    """The error code that AWS answered, such as AccessDenied."""
    return error.response.get("Error", {}).get("Code", "")


def needed(error: ClientError) -> str:
    """The IAM action that a refused call needs, and its resource; if AWS does not name it, the call's name."""
    action = named(error)
    if action is None:
        return str(error.response.get("Error", {}).get(LACKING, error.operation_name))
    found = re.search(r' on resource: "?(.+?)"?(?: because| with an explicit|$)', _message(error))
    return f"{action} on {found[1]}" if found and found[1] != "*" else action


def named(error: ClientError) -> str | None:
    """The IAM action that AWS names in a refusal, if it does: of the service that was called, or of KMS behind it."""
    message = error.response.get("Error", {}).get("Message", "")
    if "Access to KMS is not allowed" in message:  # what Secrets Manager says of a secret whose key is not its own
        return "kms:Decrypt"
    found = re.search(r"not authorized to perform:? ([\w-]+:\w+)", message)
    return found[1] if found else None


def _note_what_is_needed(**event: Any) -> None:
    event["context"][LACKING] = s3_actions.lacking(event["model"].name, event["params"])


def _say_what_is_lacking(**event: Any) -> None:
    """S3 names the action in some of its refusals only: AWS, "Troubleshoot access denied errors in Amazon S3"."""
    if "Error" in event["parsed"]:
        event["parsed"]["Error"][LACKING] = event["context"][LACKING]


def _refusal(error: ClientError) -> str:
    what = f"AWS refused {error.operation_name}: {code(error)}"
    if code(error) in ACCESS_DENIED:
        return f"{what}: your credentials lack {needed(error)}; ask for that permission, or use another profile"
    if code(error) in UNKNOWN_KEY:
        return f"{what}: AWS does not know your access key; set AWS_PROFILE, or sign in again"
    if _is_about_the_clock(error):
        return f"{what}: the clock of this machine is wrong; set it"
    if code(error) in WRONG_SIGNATURE:
        return f"{what}: your secret access key does not match your access key ID; correct it, or set AWS_PROFILE"
    if code(error) in EXPIRED:
        return f"{what}: your credentials have expired; sign in again, for example with: aws sso login"
    return f"{what}: {_message(error) or 'no reason given'}"


def _message(error: ClientError) -> str:
    return one_line(" ".join(error.response.get("Error", {}).get("Message", "").split()))


def _no_answer(error: BotoCoreError | HTTPError) -> CannotGoOn:
    said = one_line(" ".join(str(error).split()))
    match error:
        case ProfileNotFound():
            return ConfigurationError(
                f"{said}; set AWS_PROFILE, or profile of the instance, to one that is in your AWS config file"
            )
        case InvalidRegionError():
            return ConfigurationError(f"{said}; correct AWS_REGION or the region of your profile")
        case NoRegionError():
            return ConfigurationError(f"{said} set AWS_REGION, or account and region in the table of the instance")
        case NoCredentialsError() | PartialCredentialsError() | CredentialRetrievalError():
            return AwsRefused(f"no AWS credentials: {said}; set AWS_PROFILE, or sign in: aws configure, aws sso login")
        case SSOError() | TokenRetrievalError() | LoginError():
            return AwsRefused(f"no AWS credentials: {said}; sign in again: aws sso login, aws login")
        case SSLError():
            return AwsRefused(
                f"{said}; if your network has its own certificate authority, set AWS_CA_BUNDLE to its certificate"
            )
        # botocore lets urllib3's errors through when it reads the reason of a refused object.
        case HTTPClientError() | botocore.exceptions.ConnectionError() | HTTPError():
            return AwsRefused(f"AWS cannot be reached: {said}; check network, proxy and AWS_ENDPOINT_URL")
    return AwsRefused(f"the AWS request failed: {said}")
