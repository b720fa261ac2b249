"""Pairs of stacks and of assemblies: the one that this project makes, and what a small edit makes of it."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ghes_packages import review
from ghes_packages.config.instance import Instance
from ghes_packages.review.change import Change
from ghes_packages.template.assembly import Stack
from ghes_packages.template.rendered import RenderedStack
from tests.synthesis import template_of

Json = dict[str, Any]


def renamed(template: Json, old: str, new: str) -> Json:
    """The template as it is when a construct gets another path in the app."""
    done: Json = json.loads(json.dumps(template).replace(old, new))
    return done


def stack(template: Json, **others: Any) -> Stack:
    return Stack(template, termination_protection=True, **others)


def changes_between(before: Stack, after: Stack) -> Sequence[Change]:
    return review.reviewed("production", before, after).changes


def changes(after: Json, before: Json | None = None) -> Sequence[Change]:
    return changes_between(stack(before or template_of()), stack(after))


def of_instance(template: Json, instance: Instance) -> Stack:
    """A stack in the account and region of the instance, as far as it has any."""
    place = f"aws://{instance.account or 'unknown-account'}/{instance.region or 'unknown-region'}"
    return stack(template, environment=place)


def rendered(before: Json, after: Json) -> tuple[RenderedStack, RenderedStack]:
    """Both templates as a review compares them."""
    return review.rendered(stack(before), stack(after))


def ids(found: Iterable[Change]) -> list[str]:
    return [change.risk.id for change in found if change.risk]


def assembly(folder: Path, stacks: Mapping[str, Json], templates: str = "cdk-assets", **properties: Any) -> Path:
    """An assembly with those templates by instance; `properties` are those of every stack artifact.

    `templates` is the bucket that they are uploaded to.
    """
    folder.mkdir()
    artifacts: Json = {}
    for name, template in stacks.items():
        stack, file = f"GhesPackages-{name}", f"GhesPackages-{name}.template.json"
        (folder / file).write_text(json.dumps(template))
        digest = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        artifacts[stack] = {
            "type": "aws:cloudformation:stack",
            "environment": "aws://unknown-account/unknown-region",
            "properties": {
                "templateFile": file,
                "stackTemplateAssetObjectUrl": f"s3://{templates}/{digest}.json",
                "terminationProtection": True,
                **properties,
            },
        }
        artifacts[f"{stack}.assets"] = {"type": "cdk:asset-manifest", "properties": {"file": f"{stack}.assets.json"}}
        (folder / f"{stack}.assets.json").write_text(json.dumps(assets(file, templates, digest)))
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    return folder


def assets(file: str, bucket: str, digest: str) -> Json:
    """What CDK has its CLI upload for a stack."""
    destination = {"bucketName": bucket, "objectKey": f"{digest}.json"}
    asset = {"source": {"path": file, "packaging": "file"}, "destinations": {"here": destination}}
    return {"version": "55.0.0", "files": {digest: asset}, "dockerImages": {}}
