"""Directory records of ISO 9660 (ECMA-119 9.1): bytes of a directory into plain tuples, sections of a file joined."""

from __future__ import annotations

from struct import Struct
from typing import Final, NamedTuple

from aioimapi.fs.read._base import SECTOR, Findings
from aioimapi.fs.read._rockridge import SystemUse, parse_area

# File flags (ECMA-119 9.1.6).
HIDDEN, DIRECTORY, ASSOCIATED, MULTI_EXTENT = 0x01, 0x02, 0x04, 0x80

_SMALLEST: Final = 34
_U32: Final = Struct("<I").unpack_from


class Record(NamedTuple):
    """One file or directory as its records tell it.

    Attributes:
        identifier: The file identifier's bytes, version and all.
        flags: File flags, without that for more sections.
        sections: (first logical block, bytes) of each section.
        date: The recording date's seven bytes.
        interleaved: Whether a section is interleaved.
        complete: Whether the last section was there.
        use: What Rock Ridge says, or None where it is not read.
    """

    identifier: bytes
    flags: int
    sections: tuple[tuple[int, int], ...]
    date: bytes
    interleaved: bool
    complete: bool
    use: SystemUse | None


class RecordDecoder:
    """Decodes the records of one directory, burst by burst; a file's sections may lie in several bursts.

    Args:
        findings: Where leniencies are told.
        path: The directory, for findings.
        skip: Bytes to skip in system use areas (SUSP 5.3), or None where they are not read.
    """

    def __init__(self, findings: Findings, path: str, skip: int | None) -> None:
        self._findings = findings
        self._path = path
        self._skip = skip
        self._open: list[Record] = []

    def decode(self, data: bytes, start: int, end: int) -> list[Record]:
        """Decode whole sectors; records never cross a sector (ECMA-119 6.8.1.1).

        Args:
            data: The sectors.
            start: Where the first record starts.
            end: Where the directory ends.
        """
        records: list[Record] = []
        position = start
        while position + _SMALLEST <= end:
            length = data[position]
            sector_end = min((position // SECTOR + 1) * SECTOR, end)
            if length == 0:
                position = sector_end
                continue
            name_length = data[position + 32]
            stop = position + length
            name_end = position + 33 + name_length
            if length < _SMALLEST or stop > sector_end or name_end > stop or name_length == 0:
                self._findings.note(
                    "broken records",
                    f"a directory record of {self._path} has wrong lengths; the rest of its sector is skipped",
                )
                position = sector_end
                continue
            identifier = data[position + 33 : name_end]
            flags = data[position + 25]
            if flags & ASSOCIATED:
                self._findings.note(
                    "associated files", f"{self._path} holds an associated file, which is not shown"
                )
            elif identifier not in (b"\0", b"\1"):  # the directory itself, and its parent
                self._add(records, self._record(data, position, stop, identifier, flags))
            position = stop
        return records

    def close(self) -> list[Record]:
        """Return the file whose last section never came, if there is one."""
        if not self._open:
            return []
        record = _join(self._open, complete=False)
        self._open = []
        return [record]

    def _record(self, data: bytes, position: int, stop: int, identifier: bytes, flags: int) -> Record:
        use: SystemUse | None = None
        if self._skip is not None:
            use = SystemUse()
            name_end = position + 33 + len(identifier)
            start = name_end + (1 - (len(identifier) & 1)) + self._skip
            if start < stop:
                parse_area(use, data, start, stop, self._findings, self._path)
        return Record(
            identifier,
            flags,
            (self._extent(data, position),),
            data[position + 18 : position + 25],
            bool(data[position + 26] or data[position + 27]),
            True,
            use,
        )

    def _extent(self, data: bytes, position: int) -> tuple[int, int]:
        """Decode extent and length; both are recorded in both byte orders (ECMA-119 7.3.3)."""
        block_field, size_field = data[position + 2 : position + 10], data[position + 10 : position + 18]
        block: int = _U32(data, position + 2)[0]
        size: int = _U32(data, position + 10)[0]
        if block_field != block_field[::-1] or size_field != size_field[::-1]:
            # The little-endian half counts unless only the other one was filled in.
            block = block or int.from_bytes(block_field[4:], "big")
            size = size or int.from_bytes(size_field[4:], "big")
            self._findings.note(
                "byte orders differ", f"the two byte orders of an extent in {self._path} differ"
            )
        # An extended attribute record lies before the content (ECMA-119 9.1.2).
        return block + data[position + 1], size

    def _add(self, records: list[Record], record: Record) -> None:
        """Add a record, or keep it until the file's other sections have come."""
        if self._open and self._open[0].identifier != record.identifier:
            records.extend(self.close())
        if record.flags & MULTI_EXTENT and not record.flags & DIRECTORY:
            self._open.append(record)
        elif self._open:
            records.append(_join([*self._open, record], complete=True))
            self._open = []
        else:
            records.append(record)


def _join(sections: list[Record], *, complete: bool) -> Record:
    """Make one record of a file's sections (ECMA-119 6.5.1, 9.1.6); the first one's system use counts."""
    first = sections[0]
    return Record(
        first.identifier,
        first.flags & ~MULTI_EXTENT,
        tuple(section.sections[0] for section in sections),
        first.date,
        any(section.interleaved for section in sections),
        complete,
        first.use,
    )


__all__ = ("ASSOCIATED", "DIRECTORY", "HIDDEN", "MULTI_EXTENT", "Record", "RecordDecoder")
