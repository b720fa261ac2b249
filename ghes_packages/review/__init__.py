"""`review`: what does a change do to storage and access, and what of it needs a second thought?

A review compares two CloudFormation templates of one stack. Each kind of risk is a module that yields them.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from ghes_packages import access_keys as keys_of_the_user
from ghes_packages import aws, deployed
from ghes_packages.errors import ConfigurationError, FoundWrong
from ghes_packages.instance import Instance
from ghes_packages.review import access_keys, templates
from ghes_packages.review.risk import Review


def review_deployed(
    instance: Instance, assembly: Path, accepted: Collection[str], now: datetime, unused_for: timedelta
) -> Review:
    """What deploying the assembly would do to what is deployed. Raises what `templates` and `deployed` raise."""
    after = templates.synthesised(instance, assembly)
    session = aws.session(instance)
    before = templates.deployed(instance, session)
    if not before:
        account = aws.account(session)
        if instance.account not in (None, account):
            raise FoundWrong(
                f"your credentials are for account {account}, and [instances.{instance.name}] says account ="
                f' "{instance.account}"; set AWS_PROFILE to the account that you mean'
            )
        return Review(instance.name, (), note=f"a first deploy: nothing is in {account}, {session.region_name} yet")
    keys = keys_of_the_user.read(instance, deployed.read(instance, session).outputs, session)
    risks = tuple(access_keys.risks(before, after, keys, now, unused_for))
    if unknown := set(accepted) - {risk.id for risk in risks}:
        raise ConfigurationError(
            f"--accept {min(unknown)}: this change has no such risk; it has: "
            + (", ".join(risk.id for risk in risks) or "none")
        )
    return Review(instance.name, risks, frozenset(accepted))
