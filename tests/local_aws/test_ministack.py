import ast
import inspect
from collections.abc import Iterator
from types import ModuleType

import pytest

from local_aws import authorization, cloudformation, replication, server, vpc_endpoints


def names_used() -> Iterator[tuple[str, ModuleType]]:
    """All that is read of, or replaced in, a module of MiniStack's."""
    for ours in authorization, cloudformation, replication, server, vpc_endpoints:
        for node in ast.walk(ast.parse(inspect.getsource(ours))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                theirs = getattr(ours, node.value.id, None)
                if isinstance(theirs, ModuleType) and theirs.__name__.startswith("ministack."):
                    yield f"{theirs.__name__}.{node.attr}", theirs


@pytest.mark.parametrize(("name", "module"), sorted(set(names_used()), key=str), ids=str)
def test_ministack_has_what_is_used_of_it(name: str, module: ModuleType) -> None:
    assert hasattr(module, name.rpartition(".")[2])


def test_the_names_used_are_found() -> None:
    assert {name for name, _ in names_used()} >= {
        "ministack.core.iam_evaluator.is_root_access_key",
        "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS",
    }
