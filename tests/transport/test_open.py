"""Names of drives and the transports they lead to."""

from __future__ import annotations

import importlib.metadata
import sys
from types import ModuleType

import pytest

from aioimapi.errors import UnknownUrlError
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Reply, Transport, known_schemes, open_transport

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("target", ["iscsi://host/iqn.x", "Virtuel:disc.bdr?media=bd-r", "spti:D"])
async def test_an_unknown_scheme_lists_those_that_are_known(target: str) -> None:
    with pytest.raises(UnknownUrlError, match=r"known are device, virtual, and device nodes") as caught:
        await open_transport(target)
    assert caught.value.drive == target


async def test_other_packages_offer_schemes_by_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("somebodys_transport")
    asked = []

    async def open_it(target: str, /, *, exclusive: bool) -> Transport:
        asked.append((target, exclusive))
        return ScriptedTransport(lambda command, data: Reply(0), name=target)

    module.open_it = open_it  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "somebodys_transport", module)
    entry = importlib.metadata.EntryPoint("remote", "somebodys_transport:open_it", "aioimapi.transports")

    def entry_points(group: str, name: str | None = None) -> list[importlib.metadata.EntryPoint]:
        return [entry] if group == entry.group and name in (None, entry.name) else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    assert known_schemes() == ["device", "remote", "virtual"]
    async with await open_transport("remote://burner", exclusive=False) as transport:
        assert transport.name == "remote://burner"
    assert asked == [("remote://burner", False)]
