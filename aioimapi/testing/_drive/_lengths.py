"""Allocation lengths: a shorter answer is the beginning of the whole one, and 0 bytes are no error (SPC-4 4.2.5.6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from aioimapi.mmc import (
    Command,
    GetConfiguration,
    GetEventStatusNotification,
    Inquiry,
    MechanismStatus,
    ModeSense10,
    ReadBufferCapacity,
    ReadDiscInformation,
    ReadDiscStructure,
    ReadFormatCapacities,
    ReadTocPmaAtip,
    ReadTrackInformation,
    RequestedType,
    TrackAddressType,
)
from aioimapi.testing._drive._probe import Check, Probe

_CLAUSE: Final = "SPC-4 4.2.5.6"

_COMMANDS: Final[Mapping[str, Callable[[int], Command]]] = {
    "INQUIRY": lambda size: Inquiry(size),
    "MODE SENSE (10)": lambda size: ModeSense10(0x3F, size),
    "GET CONFIGURATION": lambda size: GetConfiguration(RequestedType.ALL, 0, size),
    "READ DISC INFORMATION": lambda size: ReadDiscInformation(size),
    "READ TRACK INFORMATION": lambda size: ReadTrackInformation(
        TrackAddressType.TRACK, 1, allocation_length=size
    ),
    "READ TOC/PMA/ATIP": lambda size: ReadTocPmaAtip(allocation_length=size),
    "READ FORMAT CAPACITIES": lambda size: ReadFormatCapacities(size),
    "READ BUFFER CAPACITY": lambda size: ReadBufferCapacity(allocation_length=size),
    "READ DISC STRUCTURE": lambda size: ReadDiscStructure(allocation_length=size),
    "MECHANISM STATUS": lambda size: MechanismStatus(size),
    "GET EVENT STATUS NOTIFICATION": lambda size: GetEventStatusNotification(
        1 << 2, allocation_length=size
    ),  # power events: asking takes none away that another program waits for
}

_CHANGING: Final = frozenset({"READ BUFFER CAPACITY", "MECHANISM STATUS", "GET EVENT STATUS NOTIFICATION"})
"""Answers that may be others a moment later."""

_AMPLE: Final = {"INQUIRY": 255, "GET EVENT STATUS NOTIFICATION": 8, "READ BUFFER CAPACITY": 12}


async def allocation_length(p: Probe) -> None:
    """Ask for the whole answer, for half of it, for four bytes, and for none."""
    for name, build in _COMMANDS.items():
        whole = await p.optional(build(_AMPLE.get(name, 4096)))
        if whole is None:
            continue
        length = _LENGTHS[name](whole)
        whole = p.measure(whole, min(length, len(whole)), name, _CLAUSE)
        for size in sorted({4, len(whole) // 2, len(whole) - 1}):
            if not 0 < size < len(whole):
                continue
            answer = await p.send(build(size))
            if not answer.good:
                p.fault(f"{name} with fewer bytes than there are was refused", answer, _CLAUSE)
            elif len(answer.data) != size:
                p.fault(f"{name} with {size} bytes brought {len(answer.data)}", answer, _CLAUSE)
            elif name not in _CHANGING and answer.data != whole[:size]:
                p.fault(f"{name} with {size} bytes is not the beginning of the whole answer", answer, _CLAUSE)
        none = await p.send(build(0))
        p.expect(none.good, f"{name} with an allocation length of 0 was refused", _CLAUSE, none)


def _field(first: int, size: int, more: int) -> Callable[[bytes], int]:
    """Return how to read a length field: where, how wide, and what it does not count."""
    return lambda data: int.from_bytes(data[first : first + size], "big") + more


_LENGTHS: Final[Mapping[str, Callable[[bytes], int]]] = {
    "INQUIRY": _field(4, 1, 5),
    "MODE SENSE (10)": _field(0, 2, 2),
    "GET CONFIGURATION": _field(0, 4, 4),
    "READ DISC INFORMATION": _field(0, 2, 2),
    "READ TRACK INFORMATION": _field(0, 2, 2),
    "READ TOC/PMA/ATIP": _field(0, 2, 2),
    "READ FORMAT CAPACITIES": _field(3, 1, 4),
    "READ BUFFER CAPACITY": _field(0, 2, 2),
    "READ DISC STRUCTURE": _field(0, 2, 2),
    "MECHANISM STATUS": lambda data: 8 + int.from_bytes(data[6:8], "big"),
    "GET EVENT STATUS NOTIFICATION": _field(0, 2, 2),
}


CHECKS = (Check("allocation-length", "answers cut off by the allocation length", allocation_length),)
