"""The packages load from this repository, and the locks hold what pyproject.toml asks for."""

import importlib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", ["engine", "models", "api"])
def test_packages_load_from_this_repository(name: str) -> None:
    file = importlib.import_module(name).__file__
    assert file is not None, f"{name} needs its __init__.py"
    assert Path(file).is_relative_to(ROOT / name), f"another distribution ships a top-level {name}: {file}"


def pins(lock: str) -> dict[str, str]:
    """The version of each distribution in a lock."""
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock, flags=re.MULTILINE))


def unlocked(requirements: Iterable[str], pinned: dict[str, str]) -> list[str]:
    """The requirements that a lock does not meet."""
    parsed = [Requirement(text) for text in requirements]
    return [str(each) for each in parsed if not each.specifier.contains(pinned.get(each.name.lower(), "0"))]


def test_locks_meet_what_pyproject_asks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    run, test = (pins((ROOT / f"requirements/{name}.txt").read_text()) for name in ("run", "test"))
    build = project["build-system"]["requires"]
    extra = project["project"]["optional-dependencies"]["test"]
    assert not unlocked([*build, *project["project"]["dependencies"]], run), "make lock"
    assert not unlocked(extra, test), "make lock"
    assert run.items() <= test.items(), "make lock"
    assert unlocked(["absent>=1", "old>=2", "fine>=1"], {"old": "1.9", "fine": "1"}) == ["absent>=1", "old>=2"]
