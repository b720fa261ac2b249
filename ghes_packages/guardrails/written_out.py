"""The template must be written out, so that rules can read it.

A rule reads the template as written. It cannot know the effect of a parameter, a condition, a mapping or a macro, or
the result of most intrinsic functions.
"""

import re
from collections.abc import Iterator
from typing import Any

from ghes_packages.guardrails import Finding, Findings, RenderedStack, at

SECTIONS = {"AWSTemplateFormatVersion", "Description", "Metadata", "Outputs", "Parameters", "Resources", "Rules"}
# AWS::NoValue is not among them: it takes away the property that it is the value of.
PSEUDO_PARAMETERS = {
    f"AWS::{name}" for name in ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")
}
# In the name of an alias, which must differ from that of an older stack of the same name.
LAST_PART_OF_THE_ID = {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
# The CDK CLI's own, of which nothing is made.
BOOTSTRAP_VERSION = re.compile(r"/cdk-bootstrap/[A-Za-z0-9_-]+/version")


def findings(stack: RenderedStack) -> Findings:
    for section in sorted(stack.template.keys() - SECTIONS):
        yield Finding(None, section, "Decide at synth, in Python, and write it out: remove the section")
    parameters = stack.template.get("Parameters")
    for name, each in parameters.items() if isinstance(parameters, dict) else ():
        cdks_own = at(each, "Type") == "AWS::SSM::Parameter::Value<String>" and at(each, "Default")
        if name != "BootstrapVersion" or not BOOTSTRAP_VERSION.fullmatch(str(cdks_own)):
            yield Finding(None, f"Parameters.{name}", "Decide at synth, in Python: remove the CfnParameter")
    for resource in stack.resources.values():
        if "Condition" in resource.attributes:
            yield Finding(resource, "Condition", "Decide at synth, in Python: leave the resource out, or in")
    for section in ("Metadata", "Outputs", "Resources"):
        for path in _functions(stack, stack.template.get(section), (section,)):
            found = stack.resources.get(path[1]) if section == "Resources" and path[1:] else None
            where = ".".join(path[2:] if found else path)
            yield Finding(found, where, "Write it out, as text or a reference: remove the function")


def _functions(stack: RenderedStack, value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The path of each intrinsic function of which no rule can tell what it returns."""
    match value:
        case {"Ref": str(name)} if len(value) == 1 and (name in PSEUDO_PARAMETERS or name in stack.resources):
            return
        case {"Fn::GetAtt": [str(name), str()]} if len(value) == 1 and name in stack.resources:
            return
        case {"Fn::Join": [str(), list(parts)]} if len(value) == 1:
            yield from _functions(stack, parts, path)
        case {"Fn::GetStackOutput": dict()} if len(value) == 1:
            return
        case dict() if value != LAST_PART_OF_THE_ID:
            for key, each in value.items():
                if key == "Ref" or key.startswith("Fn::"):
                    yield path
                yield from _functions(stack, each, (*path, key))
        case list():
            for number, each in enumerate(value):
                yield from _functions(stack, each, (*path, str(number)))
