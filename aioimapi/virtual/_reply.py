"""What the target answers, and how it says no."""

from __future__ import annotations

from typing import Final

import attrs

GOOD: Final = 0x00
CHECK_CONDITION: Final = 0x02


@attrs.frozen
class TargetReply:
    """The answer of a :class:`VirtualTarget` to one command.

    Attributes:
        status: SCSI status byte: 00h GOOD, 02h CHECK CONDITION.
        sense: Fixed-format sense data where the status is CHECK CONDITION (SPC-4 4.5.3), else empty.
        transferred: Bytes of the data phase that were filled (IN) or taken (OUT).
        duration_s: What a real drive would have taken, in seconds; 0 where physics are off.
        hang: The drive never answers this command; the caller waits out its own time limit.
        gone: The drive is unplugged: this command and all later ones reach nothing.
        note: What lies behind a refusal, in words, where the sense data cannot say it; else empty.
    """

    status: int = GOOD
    sense: bytes = b""
    transferred: int = 0
    duration_s: float = 0.0
    hang: bool = False
    gone: bool = False
    note: str = ""


HANG: Final = TargetReply(hang=True)
GONE: Final = TargetReply(gone=True)


class CheckConditionError(Exception):
    """Ends the command at hand with CHECK CONDITION; never leaves the target.

    Args:
        key: Sense key.
        asc: Additional sense code.
        ascq: Additional sense code qualifier.
        information: For the INFORMATION field, with VALID set: the LBA that the trouble is about.
        specific: The three sense-key-specific bytes, SKSV included.
        note: What lies behind it, in words.
        transferred: Bytes of the data phase that were good all the same.
    """

    def __init__(
        self,
        key: int,
        asc: int,
        ascq: int = 0,
        *,
        information: int | None = None,
        specific: bytes = b"\0\0\0",
        note: str = "",
        transferred: int = 0,
    ) -> None:
        super().__init__(f"{key:X}/{asc:02X}/{ascq:02X}")
        self.key = key
        self.asc = asc
        self.ascq = ascq
        self.information = information
        self.specific = specific
        self.note = note
        self.transferred = transferred

    @property
    def sense(self) -> bytes:
        """The sense data."""
        return fixed_sense(
            self.key, self.asc, self.ascq, information=self.information, specific=self.specific
        )


def fixed_sense(
    key: int, asc: int, ascq: int, *, information: int | None = None, specific: bytes = b"\0\0\0"
) -> bytes:
    """Return 18 bytes of current, fixed-format sense data (SPC-4 4.5.3).

    Optical drives answer in this format only (MMC-6 4.1.6.2.2 keeps D_SENSE at 0), so the target knows no other.
    """
    valid = information is not None
    return b"".join(
        (
            bytes((0xF0 if valid else 0x70, 0, key)),
            ((information or 0) & 0xFFFFFFFF).to_bytes(4, "big"),
            bytes((10, 0, 0, 0, 0, asc, ascq, 0)),
            specific,
        )
    )


def progress_bytes(fraction: float) -> bytes:
    """Return the sense-key-specific bytes of a progress indication: 0 to 65,535 of 65,536 (SPC-4 4.5.2.4.4)."""
    return b"\x80" + min(65_535, max(0, int(fraction * 65_536))).to_bytes(2, "big")


def field_bytes(byte: int, bit: int | None, *, in_cdb: bool) -> bytes:
    """Return the sense-key-specific bytes of a field pointer (SPC-4 4.5.2.4.2)."""
    first = 0x80 | (0x40 if in_cdb else 0) | (0 if bit is None else 0x08 | bit)
    return bytes((first,)) + byte.to_bytes(2, "big")


def invalid_opcode() -> CheckConditionError:
    """5/20/00: the drive has no such command."""
    return CheckConditionError(5, 0x20, 0, specific=field_bytes(0, None, in_cdb=True))


def invalid_field(byte: int, bit: int | None = None) -> CheckConditionError:
    """5/24/00 with a field pointer into the CDB."""
    return CheckConditionError(5, 0x24, 0, specific=field_bytes(byte, bit, in_cdb=True))


def invalid_parameter(byte: int, bit: int | None = None) -> CheckConditionError:
    """5/26/00 with a field pointer into the parameter data."""
    return CheckConditionError(5, 0x26, 0, specific=field_bytes(byte, bit, in_cdb=False))
