"""What holds for every public package.

Names that resolve, documentation, the word about cancellation, the layers.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import aioimapi

ROOT = Path(__file__).resolve().parent.parent


def public_modules() -> Iterator[str]:
    yield "aioimapi"
    for found in pkgutil.walk_packages(aioimapi.__path__, "aioimapi."):
        if not any(part.startswith("_") for part in found.name.split(".")):
            yield found.name


def public_objects(module: ModuleType) -> Iterator[tuple[str, object]]:
    for name in getattr(module, "__all__", ()):
        yield name, getattr(module, name)


def coroutine_functions(module: ModuleType) -> Iterator[tuple[str, object]]:
    """Every public async def of the package's own.

    Functions, methods of public classes, async context managers.
    """
    for name, thing in public_objects(module):
        if inspect.isclass(thing):
            for attribute, member in vars(thing).items():
                plain = inspect.unwrap(getattr(member, "__func__", member))
                if not attribute.startswith("_") and is_async(plain):
                    yield f"{name}.{attribute}", member
        elif callable(thing) and is_async(inspect.unwrap(thing)):
            yield name, thing


def is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


@pytest.mark.parametrize("name", list(public_modules()))
def test_public_module_exports_what_it_says(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    exported = getattr(module, "__all__", None)
    if exported is None:
        # A module of values only, such as errors and units: all that has no underscore is public.
        assert not hasattr(module, "__path__"), f"the package {name} has no __all__"
        return
    assert isinstance(exported, tuple), f"{name}.__all__ is not a tuple"
    assert len(set(exported)) == len(exported), f"{name}.__all__ names something twice"
    missing = [entry for entry in exported if not hasattr(module, entry)]
    assert not missing, f"{name}.__all__ names what is not there: {missing}"


@pytest.mark.parametrize("name", list(public_modules()))
def test_package_re_exports_all_that_it_imports_by_name(name: str) -> None:
    """`from ._x import Y as Y` says that Y is public, and `__all__` must say the same."""
    module = importlib.import_module(name)
    if not hasattr(module, "__path__") or module.__file__ is None:
        return
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname == alias.name
    }
    assert imported - {*getattr(module, "__all__", ())} == set()


@pytest.mark.parametrize("name", list(public_modules()))
def test_public_names_are_documented(name: str) -> None:
    module = importlib.import_module(name)
    bare = []
    for entry, thing in public_objects(module):
        if not (inspect.isclass(thing) or inspect.isroutine(thing)):
            continue  # a constant has its docstring in the source, where only the documentation sees it
        if not (thing.__doc__ or "").strip():
            bare.append(entry)
        if inspect.isclass(thing) and thing.__module__.startswith("aioimapi"):
            bare += [
                f"{entry}.{attribute}"
                for attribute, member in vars(thing).items()
                if not attribute.startswith("_")
                and (inspect.isroutine(member) or isinstance(member, property | classmethod | staticmethod))
                and not (inspect.getdoc(getattr(thing, attribute)) or "").strip()
            ]
    assert not bare, f"{name}: without a docstring: {bare}"


@pytest.mark.parametrize("name", list(public_modules()))
def test_public_coroutines_say_what_a_cancel_leaves_behind(name: str) -> None:
    module = importlib.import_module(name)
    silent = [
        entry
        for entry, thing in coroutine_functions(module)
        if not re.search(r"Cancellation:|[Nn]ever waits", documentation(module, entry, thing))
    ]
    assert not silent, f"{name}: no Cancellation paragraph: {silent}"


def documentation(module: ModuleType, entry: str, thing: object) -> str:
    """A function's docstring, and what base classes say of the method: an override keeps their promise."""
    owner, _, attribute = entry.partition(".")
    if not attribute:
        return inspect.getdoc(thing) or ""
    classes = getattr(module, owner).__mro__
    return "\n".join(
        inspect.getdoc(vars(base)[attribute]) or "" for base in classes if attribute in vars(base)
    )


def test_every_error_is_in_the_tree_and_documented() -> None:
    errors = importlib.import_module("aioimapi.errors")
    page = errors.__doc__ or ""
    for name, thing in vars(errors).items():
        if inspect.isclass(thing) and issubclass(thing, Exception):
            assert issubclass(thing, errors.ImapiError), name
            assert thing.__doc__, name
            assert re.search(rf"\b{name}\b", page), f"{name} is missing from the tree atop errors.py"


def test_core_imports_none_of_the_extras() -> None:
    """The library works with anyio and attrs alone; blake3 is an optional digest, found at run time."""
    allowed = {"anyio", "attrs", "attr", "aioimapi", "sniffio"}
    optional = {
        "aioimapi/image/_digest.py": {"blake3"},
        "aioimapi/image/_exclude.py": {"pathspec"},
        "aioimapi/testing/pytest_plugin.py": {"pytest"},
    }
    stray = []
    for path in sorted((ROOT / "aioimapi").rglob("*.py")):
        relative = path.relative_to(ROOT).as_posix()
        if relative.startswith("aioimapi/cli/"):
            continue
        for top in top_level_imports(path):
            if top not in allowed | sys_modules() | optional.get(relative, set()):
                stray.append(f"{relative}: {top}")
    assert not stray


def top_level_imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found


def sys_modules() -> set[str]:
    return set(sys.stdlib_module_names) | {"__future__"}


def test_modules_stay_small() -> None:
    """Think at 400 lines, split at 600; tables of codes may be long where they hold nothing else."""
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in (ROOT / "aioimapi").rglob("*.py")
        if not path.name.endswith("_codes.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 600
    }
    assert not long


def test_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == aioimapi.__version__
    assert f"## {aioimapi.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_nothing_names_this_machine() -> None:
    """No absolute path of a developer's machine is left in what is shipped."""
    machine = re.compile(r"(/work/|/root/|/home/[a-z])")
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for folder in ("aioimapi", "docs", "examples", "bench")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".sh"} and "_build" not in path.parts
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if machine.search(line)
    ]
    assert not named


def test_typed_marker_is_shipped() -> None:
    assert (ROOT / "aioimapi" / "py.typed").exists()
