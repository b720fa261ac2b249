"""What changing an option does to an instance that is deployed; what hurts most comes first.

None of it says a value of a template.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ghes_packages.config.values import OWN, SSE_KMS, SSE_S3, StorageClass
from ghes_packages.template.rendered import RenderedStack

ANOTHER_BUCKET = (
    "Do not deploy this: GHES would find none of its packages there. The bucket of before stays in the account, and"
    " nothing manages it. Instead: make another instance with this value, and move to it as docs/move.md says."
)
OF_THE_REPLICA = "The stack with the replica follows its instance: read there what the change does."
WITHOUT_A_BUCKET = (
    "The secret gets the new encryption, and who reads it needs the key, if there is one. Nothing changes on the"
    " bucket, which the stack does not make."
)


def _place(before: str | None, after: str | None) -> str:
    if None in (before, after):
        return (
            "Nothing moves if the stack is deployed to where it is now. Anywhere else a new, empty stack would be made,"
            " and the one that is deployed would stay, with its packages."
        )
    return (
        "Do not deploy this: a new, empty stack would be made in the other place, and the one that is deployed would"
        " stay, with its packages. Instead: make another instance there, and move to it as docs/move.md says."
    )


def _encryption(before: str, after: str) -> str:
    told = []
    if after == SSE_KMS:
        told.append(
            "Do it in maintenance mode: for a minute or more S3 refuses every upload, until the key is made."
            " See docs/encryption.md."
        )
    elif after != SSE_S3:
        told.append(
            "Do it in maintenance mode: S3 refuses every upload until the policy of that key lets the user in. Its"
            " owner can do that before the deploy. See docs/encryption.md."
        )
    told.append("Objects that are there keep the encryption that they have.")
    if after == SSE_S3:
        told.append("New ones, and the secret, are encrypted with keys that AWS keeps.")
    else:
        told.append("New ones, and the secret, are encrypted with the key, and who reads them needs it too.")
    if before == SSE_KMS:
        told.append(
            "The stack lets go of its key, which stays in the account. What it encrypted cannot be read without it:"
            " never delete it. The way back makes another key, and fails as long as the old alias is there."
        )
    elif before != SSE_S3:
        told.append(
            "What the key of before encrypted cannot be read without it: it must stay, with the user in its policy."
        )
    return " ".join(told)


def _access_logs(before: str, after: str) -> str:
    if after == OWN:
        return "The stack makes a log bucket. The logs so far stay in the central bucket."
    told = "Logs go to the central bucket if its policy lets S3 deliver them, and nowhere if it does not."
    if before != OWN:
        return f"{told} The logs so far stay where they are."
    return f"{told} The log bucket of the stack stays in the account with the logs so far, and nothing manages it."


def _secret_readers(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    told = []
    if {*after} - {*before}:
        told.append("Who is added can read the secret, and so act as GHES. The roles must exist, or the deploy fails.")
    if {*before} - {*after}:
        told.append(
            "Who is taken out can read the secret no more, and set-up steps that use the role fail. The access key"
            " that it has read works until it is rotated."
        )
    return " ".join(told)


def _noncurrent_days(before: int, after: int) -> str:
    if after < before:
        return (
            "S3 deletes for good what was deleted or overwritten longer ago than that, soon after the deploy. Nothing"
            " brings it back."
        )
    return "What is deleted or overwritten can be brought back for longer, and is paid for. What is gone stays gone."


def _storage_class(before: str, after: str) -> str:
    if after == StorageClass.STANDARD:
        return (
            "New packages stay in S3 Standard. What was moved stays in S3 Intelligent-Tiering, and is monitored and"
            " billed there: no lifecycle rule moves it back."
        )
    return (
        "S3 moves all packages of 128 KB or more, also those that are there already. AWS bills each move once, and the"
        " monitoring of each object every month. GHES reads them at once, as before."
    )


def _replica_region(before: str | None, after: str | None) -> str:
    told = []
    if after is not None:
        told.append(
            "S3 replicates what is written after the deploy, and nothing that is there already. What is written during"
            " the deploy can fail to replicate, and S3 does not try again: do it in maintenance mode, or run the job"
            " of docs/replica.md afterwards, which replicates the rest too."
        )
    if before is not None:
        told.append(
            "Nothing more is replicated to the region of before. The stack with that replica stays, with its buckets,"
            " and is paid for until you destroy it."
        )
    return " ".join(told)


def _either(*, with_a_value: str, left_out: str) -> Callable[[Any, Any], str]:
    return lambda _, after: with_a_value if after else left_out


# In the order of the report. What account and region bring, another option may bring too: they come last.
# A function takes the value before and the one after.
CONSEQUENCES: Mapping[str, str | Callable[[Any, Any], str]] = {
    "existing_bucket": (
        f"{ANOTHER_BUCKET} The bucket of a stack that was destroyed is taken back as docs/take-back.md says."
    ),
    "bucket_name": ANOTHER_BUCKET,
    "encryption": _encryption,
    "noncurrent_days": _noncurrent_days,
    "replica_region": _replica_region,
    "access_key": (
        "A step of a rotation, or the step back. GHES needs the newest access key. The one before works as long as it"
        " is active. See docs/rotation.md."
    ),
    "previous_access_key": (
        "A step of a rotation, or the step back. A key that becomes inactive or deleted stops working in the deploy,"
        " and one that is deleted never comes back. See docs/rotation.md."
    ),
    "allowed_cidrs": _either(
        with_a_value="From the deploy on S3 refuses every object to any other address. End users fetch packages from S3"
        " themselves, so their addresses must be in the list too. What comes through a VPC endpoint has no address: see"
        " allowed_vpc_endpoints.",
        left_out="No address is refused any more. Unless allowed_vpc_endpoints restricts it, whoever gets hold of the"
        " access key can use it from anywhere.",
    ),
    "allowed_vpc_endpoints": _either(
        with_a_value="From the deploy on S3 refuses every object to what comes neither through these endpoints nor from"
        " allowed_cidrs. End users fetch packages from S3 themselves, so they must come in one of these ways too. See"
        " docs/security.md.",
        left_out="No VPC endpoint is refused any more, unless allowed_cidrs stays: then S3 refuses every object to what"
        " comes through any VPC endpoint.",
    ),
    "permissions_boundary": _either(
        with_a_value="GHES can do no more than that policy allows: it must allow the seven actions. What it allows"
        " beyond them, another policy that is attached later can give to the user.",
        left_out="The policy with the seven actions is the boundary again: IAM holds the user to them.",
    ),
    "secret_readers": _secret_readers,
    "access_logs": _access_logs,
    "storage_class": _storage_class,
    "endpoint": (
        "GHES must be given the other AWS Service URL; the one that it has goes on working. Saving the settings"
        " restarts services of GHES. Prove the URL with verify before, and try it on a staging server first."
    ),
    "tags": "The tags change, and nothing else.",
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
