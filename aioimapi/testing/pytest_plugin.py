"""A pytest plugin: fixtures that make virtual discs and drives in the test's own folder.

Name it in the ``conftest.py`` at the root of your tests, or on the command line with ``-p``::

    pytest_plugins = ["aioimapi.testing.pytest_plugin"]

The fixtures are plain functions that give factories; what a factory makes is opened with ``async with`` in the
test itself. So they suit every plugin that runs async tests: anyio's, pytest-trio, pytest-asyncio.
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, TypeAlias
from urllib.parse import quote

import attrs
import pytest

from aioimapi.drive import Drive, open_drive
from aioimapi.errors import DriveBusyError
from aioimapi.iscsi import Server, serve
from aioimapi.recorder import Recorder, open_recorder
from aioimapi.virtual import VirtualMedium

__all__ = (
    "TARGETS",
    "OpensDrive",
    "OpensRecorder",
    "OptionValue",
    "ServesDrives",
    "VirtualDiscs",
    "iscsi_server",
    "virtual_disc",
    "virtual_drive",
    "virtual_recorder",
)

TARGETS = "iqn.2026-11.local.aioimapi:test"
"""How the names of the targets begin that ``iscsi_server`` shows."""

OptionValue: TypeAlias = str | int | float | bool
"""A value of a URL option; True and False become ``yes`` and ``no``."""


@attrs.define
class VirtualDiscs:
    """Makes the URLs of new virtual discs; the value of the fixture ``virtual_disc``.

    Attributes:
        folder: Where the medium files lie.
        paths: The files of the discs whose URLs were made, in order.
    """

    folder: Path
    paths: list[Path] = attrs.field(factory=list)
    _numbers: Iterator[int] = attrs.field(factory=lambda: itertools.count(1), repr=False)

    def __call__(
        self, media: str | None = "bd-r", *, faults: Iterable[str] = (), **options: OptionValue
    ) -> str:
        """Return the URL of a new disc in a drive of its own; the disc is made when the drive is opened.

        Args:
            media: Kind of disc, such as ``bd-r`` or ``dvd+rw``; None for a drive without a disc.
            faults: What goes wrong, each as in the URL: ``3/0c/00@write:100``.
            options: Further options of the URL, such as ``sectors=4096`` or ``physics="on"``.
        """
        parts = []
        path = ""
        if media is not None:
            file = self.folder / f"disc-{next(self._numbers)}"
            self.paths.append(file)
            path = quote(str(file), safe="/+:@,=")
            parts.append(f"media={quote(media, safe='')}")
        parts += [f"{name}={quote(_text(value), safe='@:,')}" for name, value in options.items()]
        parts += [f"fault={quote(fault, safe='/@:,')}" for fault in faults]
        return f"virtual:{path}" + (f"?{'&'.join(parts)}" if parts else "")

    def medium(self, url: str) -> VirtualMedium:
        """Open the disc of a URL, after the drive was closed, to look at its state and sectors.

        Args:
            url: As the call returned it, or its part before the ``?``.

        Returns:
            The disc, for reading only; close it.

        Raises:
            VirtualMediumError: The drive was never opened, so that there is no disc yet.
            DriveBusyError: The drive is still open.
        """
        for path in self.paths:
            if url.partition("?")[0] == f"virtual:{quote(str(path), safe='/+:@,=')}":
                return VirtualMedium.open(path, readonly=True)
        raise LookupError(f"{url} is no disc of this test")


def _text(value: OptionValue) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


class OpensDrive(Protocol):
    """What the fixture ``virtual_drive`` gives."""

    def __call__(
        self, media: str | None = "bd-r", *, faults: Iterable[str] = (), **options: OptionValue
    ) -> AbstractAsyncContextManager[Drive]:
        """Open a drive with a new disc in it; the arguments are those of :class:`VirtualDiscs`."""


class OpensRecorder(Protocol):
    """What the fixture ``virtual_recorder`` gives."""

    def __call__(
        self, media: str | None = "bd-r", *, faults: Iterable[str] = (), **options: OptionValue
    ) -> AbstractAsyncContextManager[Recorder]:
        """Open a recorder on a new disc; the arguments are those of :class:`VirtualDiscs`."""


class ServesDrives(Protocol):
    """What the fixture ``iscsi_server`` gives."""

    def __call__(self, *drives: str) -> AbstractAsyncContextManager[Server]:
        """Serve drives on this machine's loopback, on a free port.

        The targets are called ``iqn.2026-11.local.aioimapi:test-1`` and so on, in the order of the drives.

        Args:
            drives: The URLs of drives, such as ``virtual_disc`` makes.
        """


@pytest.fixture
def virtual_disc(tmp_path: Path) -> Iterator[VirtualDiscs]:
    """Give URLs of new virtual discs: ``virtual_disc("bd-r", faults=["hang@sync:1"])``.

    After the test a drive that was left open fails it.
    """
    discs = VirtualDiscs(tmp_path)
    yield discs
    for path in discs.paths:
        if Path(f"{path}.state").exists():
            try:
                VirtualMedium.open(path, readonly=True).close()
            except DriveBusyError:
                pytest.fail(f"the test left the drive with {path.name} open", pytrace=False)


@pytest.fixture
def virtual_drive(virtual_disc: VirtualDiscs) -> OpensDrive:
    """Give drives with new discs to ``async with``, such as ``virtual_drive("cd-r")``."""

    @asynccontextmanager
    async def open_(
        media: str | None = "bd-r", *, faults: Iterable[str] = (), **options: OptionValue
    ) -> AsyncIterator[Drive]:
        async with open_drive(virtual_disc(media, faults=faults, **options)) as drive:
            yield drive

    return open_


@pytest.fixture
def virtual_recorder(virtual_disc: VirtualDiscs) -> OpensRecorder:
    """Give recorders to ``async with``, such as ``virtual_recorder("bd-r", faults=["3/0c/00@write:3"])``."""

    @asynccontextmanager
    async def open_(
        media: str | None = "bd-r", *, faults: Iterable[str] = (), **options: OptionValue
    ) -> AsyncIterator[Recorder]:
        async with open_recorder(virtual_disc(media, faults=faults, **options)) as recorder:
            yield recorder

    return open_


@pytest.fixture
def iscsi_server() -> ServesDrives:
    """Give servers to ``async with`` that show drives to initiators, such as ``iscsi_server(virtual_disc("bd-r"))``."""

    @asynccontextmanager
    async def open_(*drives: str) -> AsyncIterator[Server]:
        targets = {f"{TARGETS}-{number}": drive for number, drive in enumerate(drives, 1)}
        async with serve(targets, port=0) as server:
            yield server

    return open_
