"""Access keys and times for tests that talk to no AWS."""

from datetime import UTC, datetime, timedelta

from ghes_packages.config.instance import Instance
from ghes_packages.live.access_keys import AccessKey

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def key(
    generation: int | None,
    status: str = "Active",
    *,
    age: timedelta = timedelta(days=30),
    unused: timedelta | None = None,
) -> AccessKey:
    """A key of that generation; `unused` is for how long, None for one that was never used."""
    return AccessKey(
        generation=generation,
        access_key_id=f"key-{generation}",
        status=status,
        created=NOW - age,
        last_used=None if unused is None else NOW - unused,
        last_service=None if unused is None else "s3",
    )


def instance(access_key: int = 1, previous: str | None = None) -> Instance:
    return Instance.model_validate({"name": "production", "access_key": access_key, "previous_access_key": previous})
