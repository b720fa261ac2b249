"""Access keys must be the user's own: one active, two at most.

AWS allows an IAM user two. Each says its status, so that no step of a rotation takes a property away. A serial would
replace the key that GHES uses.
"""

from ghes_packages.config.instance import ACTIVE, INACTIVE
from ghes_packages.guardrails import Finding, Findings
from ghes_packages.template.rendered import RenderedStack

MOST = 2


def findings(stack: RenderedStack) -> Findings:
    user, keys = stack.user, stack.of_type("AWS::IAM::AccessKey")
    if user and ACTIVE not in [key.at("Status") for key in keys]:
        yield Finding(user, "", "Leave an access key active: GHES signs in with it")
    for key in keys[MOST:]:
        yield Finding(key, "", "Make two access keys at most: AWS allows an IAM user no more")
    for key in keys:
        if user is None or key.at("UserName") != user.ref:
            yield Finding(key, "Properties.UserName", "Make access keys for this stack's user alone: user=self.user")
        if "Serial" in key.properties:
            yield Finding(key, "Properties.Serial", "Leave out serial: a new key is a new generation")
        if key.at("Status") not in (ACTIVE, INACTIVE):
            yield Finding(key, "Properties.Status", "Say the status of every access key: status=STATUSES[status]")
