"""What the lab's checks share, and the rule that they run only when asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .kernel import lab_folder


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the lab's checks out unless the marker expression of the run names them.

    They need a kernel of their own and readers by others, which `make lab` installs; pytest says "deselected".
    """
    if "lab" in (config.getoption("markexpr") or ""):
        return
    kept = [item for item in items if item.get_closest_marker("lab") is None]
    left_out = [item for item in items if item.get_closest_marker("lab") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept


@pytest.fixture(scope="session", autouse=True)
def _lab_is_there(request: pytest.FixtureRequest) -> None:
    wanted = any(item.get_closest_marker("lab") is not None for item in request.session.items)
    if wanted and not (lab_folder() / "kernel").exists():
        pytest.fail(f"no lab at {lab_folder()}: set AIOIMAPI_LAB to its folder", pytrace=False)


@pytest.fixture(scope="module")
def scratch() -> Iterator[Path]:
    """Give a folder on a real file system (images are big, /tmp may be memory), removed afterwards."""
    folder = Path(
        tempfile.mkdtemp(prefix="aioimapi-lab-", dir=os.environ.get("AIOIMAPI_LAB_SCRATCH", "/var/tmp"))
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
