"""A disc that is not changed: what a drive writes to while the host has test writing on."""

from __future__ import annotations

import copy

from aioimapi.virtual.files._medium import VirtualMedium


class SimulatedMedium(VirtualMedium):
    """Looks like the disc that it stands for, and like one that was written where the drive writes with its laser down.

    Nothing that is done to it reaches the files; what is read is what they hold.

    Attributes:
        real: The disc.
    """

    def __init__(self, real: VirtualMedium) -> None:
        self.real = real
        self.path = real.path
        self.state = copy.deepcopy(real.state)
        self.readonly = real.readonly
        self.faults = real.faults

    def close(self) -> None:
        """Close the disc."""
        self.real.close()

    @property
    def closed(self) -> bool:
        """Whether the disc is closed."""
        return self.real.closed

    def record(self, number: int, lba: int, data: memoryview | bytes, count: int) -> None:
        """Move the next writable address on."""
        self.state.tracks[number - 1].next_lba = lba + count

    def put(self, lba: int, data: memoryview | bytes) -> None:
        """Write nothing."""

    def put_raw(self, lba: int, data: memoryview | bytes) -> None:
        """Write nothing."""

    def record_raw(self, number: int, lba: int, data: memoryview | bytes) -> None:
        """Move the next writable address on."""
        self.record(number, lba, data, len(data) // 2_448)

    def skip(self, number: int, lba: int, count: int) -> None:
        """Move the next writable address on."""
        self.record(number, lba, b"", count)

    def read_into(self, lba: int, buffer: memoryview) -> None:
        """Read what the disc holds."""
        self.real.read_into(lba, buffer)

    def read_raw_into(self, lba: int, buffer: memoryview) -> None:
        """Read what the disc holds."""
        self.real.read_raw_into(lba, buffer)

    def save(self) -> None:
        """Store nothing."""

    def wipe(self) -> None:
        """Erase nothing."""
