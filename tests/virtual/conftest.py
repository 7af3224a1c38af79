"""A drive with a disc, for every test that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .host import Host, insert


@pytest.fixture
def drive(tmp_path: Path) -> Iterator[Callable[..., Host]]:
    """Return a function that gives a host with a drive and a new disc in it; all are closed afterwards."""
    hosts: list[Host] = []

    def make(kind: str, options: str = "") -> Host:
        hosts.append(insert(tmp_path, kind, options))
        return hosts[-1]

    yield make
    for host in hosts:
        host.target.close()
