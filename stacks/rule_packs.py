"""The rule packs of cdk-nag, each for the instances that name it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import cast

import aws_cdk as cdk
import cdk_nag
import jsii

from ghes_packages.config.instance import Instance
from ghes_packages.config.values import RulePack

PACKS: Mapping[RulePack, Callable[[], cdk_nag.NagPack]] = {
    RulePack.AWS_SOLUTIONS: cdk_nag.AwsSolutionsChecks,
    RulePack.NIST_800_53_R5: cdk_nag.NIST80053R5Checks,
    RulePack.HIPAA_SECURITY: cdk_nag.HIPAASecurityChecks,
    RulePack.PCI_DSS_321: cdk_nag.PCIDSS321Checks,
}


def rule_packs(stacks: Mapping[Instance, Iterable[cdk.Stack]]) -> Iterator[cdk.IPolicyValidationPlugin]:
    """One plugin for each pack that an instance names; it checks the stacks of those instances only."""
    by_pack: dict[RulePack, list[cdk.Stack]] = defaultdict(list)
    for instance, of_the_instance in stacks.items():
        for pack in instance.rule_packs:
            by_pack[pack] += of_the_instance
    for pack in RulePack:
        if checked := by_pack[pack]:
            # Python's protocols do not know optional members of the interface, which are left out here.
            yield cast(cdk.IPolicyValidationPlugin, StacksChecks(PACKS[pack](), checked))


@jsii.implements(cdk.IPolicyValidationPlugin)
class StacksChecks:
    """A rule pack for some stacks of the app: CDK itself runs plugins only for a whole app."""

    def __init__(self, pack: cdk_nag.NagPack, stacks: Iterable[cdk.Stack]) -> None:
        self._pack = pack
        self._stacks = stacks

    @property
    def name(self) -> str:
        """The prefix of the IDs of findings, such as AwsSolutions."""
        return self._pack.read_pack_name

    def validate(self, context: cdk.IPolicyValidationContext) -> cdk.PolicyValidationPluginReport:
        """The findings in all the stacks."""
        violations = [each for stack in self._stacks for each in self._pack.validate_scope(stack).violations]
        return cdk.PolicyValidationPluginReport(success=not violations, violations=violations)
