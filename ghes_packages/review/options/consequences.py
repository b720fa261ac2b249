"""What changing an option does to an instance that is deployed; what hurts most comes first.

None of it says a value of a template.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ghes_packages.config.values import OWN, SSE_KMS, SSE_S3, StorageClass
from ghes_packages.template.rendered import RenderedStack

ANOTHER_BUCKET = (
    "Do not deploy this: GHES would find none of its packages there. The old bucket stays in the account, but nothing"
    " manages it. Instead, add another instance with this value, and move to it as docs/move.md says."
)
OF_THE_REPLICA = "The replica's stack follows its instance: see there what the change does."
WITHOUT_A_BUCKET = (
    "The secret gets the new encryption, and its readers need the key, if there is one. The existing bucket does not"
    " change."
)


def _place(before: str | None, after: str | None) -> str:
    if None in (before, after):
        return (
            "Nothing changes if you deploy the stack to the same place. In another place, the deploy creates a new,"
            " empty stack, and the old one stays, with its packages."
        )
    return (
        "Do not deploy this: it would create a new, empty stack in the other place, and the old one would stay, with"
        " its packages. Instead, add another instance there, and move to it as docs/move.md says."
    )


def _encryption(before: str, after: str) -> str:
    told = []
    if after == SSE_KMS:
        told.append(
            "Do it in maintenance mode: for a minute or more S3 refuses every upload, until the key exists. See"
            " docs/encryption.md."
        )
    elif after != SSE_S3:
        told.append(
            "Do it in maintenance mode: S3 refuses every upload until the policy of that key allows the user. Its"
            " owner can add that before the deploy. See docs/encryption.md."
        )
    told.append("Existing objects keep their encryption.")
    if after == SSE_S3:
        told.append("New objects and the secret are encrypted with AWS managed keys.")
    else:
        told.append("New objects and the secret are encrypted with the key, and their readers need it too.")
    if before == SSE_KMS:
        told.append(
            "The stack gives up its key, which stays in the account. Never delete the key: the objects that it"
            " encrypts cannot be read without it. The way back creates another key, and fails while the old alias"
            " exists."
        )
    elif before != SSE_S3:
        told.append(
            "Keep the old key, with the user in its policy: the objects that it encrypts cannot be read without it."
        )
    return " ".join(told)


def _access_logs(before: str, after: str) -> str:
    if after == OWN:
        return "The stack creates a log bucket. Existing logs stay in the central bucket."
    told = "Logs go to the central bucket if its policy allows S3 to deliver them; otherwise they are lost."
    if before != OWN:
        return f"{told} Existing logs stay where they are."
    return f"{told} The stack's log bucket stays in the account with the existing logs, but nothing manages it."


def _secret_readers(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    told = []
    if {*after} - {*before}:
        told.append("The added roles can read the secret, and so act as GHES. They must exist, or the deploy fails.")
    if {*before} - {*after}:
        told.append(
            "The removed roles can no longer read the secret, and set-up steps that use them fail. An access key that"
            " they have read works until it is rotated."
        )
    return " ".join(told)


def _noncurrent_days(before: int, after: int) -> str:
    if after < before:
        return (
            "Soon after the deploy, S3 destroys everything that was deleted or overwritten longer ago than that. You"
            " cannot restore it."
        )
    return "You can restore deleted and overwritten packages for longer, and AWS bills their storage. Versions that"
    " S3 already destroyed do not come back."


def _storage_class(before: str, after: str) -> str:
    if after == StorageClass.STANDARD:
        return (
            "New packages stay in S3 Standard. Moved packages stay in S3 Intelligent-Tiering, where AWS bills their"
            " monitoring: no lifecycle rule moves them back."
        )
    return (
        "S3 moves all packages of 128 KB or more, including existing ones. AWS bills each move once, and the"
        " monitoring of each object every month. GHES reads them at once, as before."
    )


def _replica_region(before: str | None, after: str | None) -> str:
    told = []
    if after is not None:
        told.append(
            "S3 replicates only packages written after the deploy. The replication of packages written during the"
            " deploy can fail, and S3 does not retry: deploy in maintenance mode, or run the job of docs/replica.md"
            " afterwards, which also replicates existing packages."
        )
    if before is not None:
        told.append(
            "S3 replicates nothing more to the old region. The stack of that replica stays, with its buckets, and AWS"
            " bills it until you destroy it."
        )
    return " ".join(told)


def _either(*, with_a_value: str, left_out: str) -> Callable[[Any, Any], str]:
    return lambda _, after: with_a_value if after else left_out


# In the order of the report. What account and region bring, another option may bring too: they come last.
# A function takes the value before and the one after.
CONSEQUENCES: Mapping[str, str | Callable[[Any, Any], str]] = {
    "existing_bucket": f"{ANOTHER_BUCKET} To reuse the bucket of a destroyed stack, follow docs/take-back.md.",
    "bucket_name": ANOTHER_BUCKET,
    "encryption": _encryption,
    "noncurrent_days": _noncurrent_days,
    "replica_region": _replica_region,
    "access_key": (
        "A step of a rotation, or the step back. GHES needs the newest access key. The previous one works as long as"
        " it is active. See docs/rotation.md."
    ),
    "previous_access_key": (
        "A step of a rotation, or the step back. A key that becomes inactive or deleted stops working in the deploy,"
        " and a deleted key never comes back. See docs/rotation.md."
    ),
    "allowed_cidrs": _either(
        with_a_value="After the deploy, S3 refuses objects to any other address. End users fetch packages directly"
        " from S3, so their addresses must be in the list too. A request through a VPC endpoint has no public"
        " address: see allowed_vpc_endpoints.",
        left_out="S3 no longer refuses any address. Unless allowed_vpc_endpoints restricts it, anybody with the"
        " access key can use it from anywhere.",
    ),
    "allowed_vpc_endpoints": _either(
        with_a_value="After the deploy, S3 refuses objects to requests that come neither through these endpoints nor"
        " from allowed_cidrs. End users fetch packages directly from S3, so they must use one of these ways too."
        " See docs/security.md.",
        left_out="S3 no longer refuses any VPC endpoint, unless allowed_cidrs stays: then S3 refuses objects to every"
        " request through a VPC endpoint.",
    ),
    "permissions_boundary": _either(
        with_a_value="That policy limits GHES: it must allow the seven actions. Anything else it allows is no longer"
        " blocked: a policy attached later can grant it to the user.",
        left_out="The policy with the seven actions is the boundary again, and limits the user to them.",
    ),
    "secret_readers": _secret_readers,
    "access_logs": _access_logs,
    "storage_class": _storage_class,
    "endpoint": (
        "Enter the new AWS Service URL in GHES; the old one still works. Saving the settings restarts GHES services."
        " First prove the URL with verify, and try it on a staging server."
    ),
    "tags": "Only the tags change.",
    "account": _place,
    "region": _place,
}


def consequence(option: str, before: Any, after: Any, stack: RenderedStack) -> str:
    """What the change does to the stack, which is as it is rendered after the change."""
    if stack.user is None:
        return OF_THE_REPLICA
    if option == "encryption" and stack.packages_bucket is None:
        return WITHOUT_A_BUCKET
    told = CONSEQUENCES[option]
    return told if isinstance(told, str) else told(before, after)
