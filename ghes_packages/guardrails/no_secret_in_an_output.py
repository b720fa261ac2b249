"""Outputs must not contain a secret.

Everybody who can describe the stack can read them.
"""

import re

from ghes_packages.guardrails import Finding, Findings, RenderedStack, texts
from ghes_packages.guardrails.no_secret_in_clear import SECRET

# Of an attribute other than the ARN no rule knows what it tells.
ATTRIBUTE = re.compile(r"\$\{[^!}.]+\.(?!Arn\})")


def findings(stack: RenderedStack) -> Findings:
    for key, output in stack.outputs.items():
        for path, text in texts(output, "Outputs", key):
            if SECRET.search(text) or ATTRIBUTE.search(text):
                yield Finding(None, path, "Output the ARN of the secret instead: secret.secret_arn")
        if "Export" in output:
            yield Finding(None, f"Outputs.{key}.Export", "Remove export_name: other stacks read the output as it is")
