"""The statement of the secret's resource policy that lets roles read it, and nobody else."""

from collections.abc import Sequence
from typing import Any


def readers_statement(role_arns: Sequence[str]) -> dict[str, Any]:
    """What a role needs to find the secret and to read it, in the same account without any policy of its own."""
    return {
        "Effect": "Allow",
        "Principal": {"AWS": list(role_arns)},
        "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
        "Resource": "*",
    }
