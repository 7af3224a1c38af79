"""Names of drives: which transport carries which URL."""

from __future__ import annotations

import importlib
import importlib.metadata
import re
import sys
from collections.abc import Awaitable
from typing import Protocol

import anyio.to_thread

from aioimapi.errors import DriveNotFoundError, UnknownUrlError
from aioimapi.transport._base import Transport

ENTRY_POINTS = "aioimapi.transports"
"""The entry-point group in which other packages offer transports: the name is the URL's scheme."""

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+):", re.ASCII | re.IGNORECASE)


class TransportFactory(Protocol):
    """Opens the drive that a URL names."""

    def __call__(self, target: str, /, *, exclusive: bool) -> Awaitable[Transport]:
        """Open it.

        Args:
            target: The whole URL, with its scheme.
            exclusive: Keep other users of the drive away while it is open.
        """


async def _open_device(target: str, /, *, exclusive: bool) -> Transport:
    path = target.removeprefix("device:")
    if sys.platform == "linux":
        from aioimapi.transport._linux import LinuxTransport

        return await LinuxTransport.open(path, exclusive=exclusive)
    raise DriveNotFoundError(
        f"{path}: drives of this operating system ({sys.platform}) cannot be used yet; virtual drives can",
        drive=target,
    )


_VIRTUAL = "aioimapi.transport._virtual"


async def _open_virtual(target: str, /, *, exclusive: bool) -> Transport:
    del exclusive  # a virtual disc is in one drive at a time, always
    if _VIRTUAL not in sys.modules:
        # The whole emulated drive takes a fifth of a second to import: too long for an event loop to stand still.
        await anyio.to_thread.run_sync(importlib.import_module, _VIRTUAL)
    from aioimapi.transport._virtual import VirtualTransport

    return await VirtualTransport.open(target)


_builtin: dict[str, TransportFactory] = {"device": _open_device, "virtual": _open_virtual}


def known_schemes() -> list[str]:
    """Return the URL schemes that have a transport, those of other packages included, in order."""
    return sorted({*_builtin, *(entry.name for entry in importlib.metadata.entry_points(group=ENTRY_POINTS))})


async def open_transport(target: str, *, exclusive: bool = True) -> Transport:
    """Open the way to a drive.

    Args:
        target: A device node (``/dev/sr0``, ``/dev/sg1``, ``/dev/cdrom``), or a URL: ``device:/dev/sr0``,
            ``virtual:FILE?media=bd-r``, or one whose scheme another package offers.
        exclusive: Keep other users of the drive away while it is open. Without it, the drive can be asked
            about itself even where it is in use.

    Returns:
        The transport, open; close it with ``aclose()`` or ``async with``.

    Raises:
        UnknownUrlError: No transport has that scheme; the message lists those that there are.
        DriveNotFoundError: There is no such drive.
        DriveAccessError: This process may not use it; the message says who may.
        DriveBusyError: Another program or a mount has it; the message names it where the system tells.
        DriveLostError: The node is there, the drive behind it is not.
        VirtualMediumError: The file of a virtual drive is missing or damaged.

    Cancellation:
        Nothing stays open.
    """
    return await _find_factory(target)(target, exclusive=exclusive)


def _find_factory(target: str) -> TransportFactory:
    match = _SCHEME.match(target)
    if match is None:
        return _open_device
    scheme = match.group(1).lower()
    if scheme in _builtin:
        return _builtin[scheme]
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS, name=scheme):
        factory: TransportFactory = entry.load()
        return factory
    raise UnknownUrlError(
        f"{target}: no transport for {scheme!r} URLs; known are {', '.join(known_schemes())}, "
        "and device nodes such as /dev/sr0",
        drive=target,
    )
