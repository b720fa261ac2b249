"""app.py without its checks, for a checkout in which a test synthesises again and again.

The start of the validators' engine takes longer than all the rest, and nothing from outside keeps it from starting.
"""

from collections.abc import Iterable

import aws_cdk as cdk

import app as whole
from ghes_packages.config.instance import Instance


def build(app: cdk.App, instances: Iterable[Instance]) -> whole.Stacks:
    return {instance: whole.stacks_of(app, instance) for instance in instances}


if __name__ == "__main__":
    whole.build = build
    whole.main()
