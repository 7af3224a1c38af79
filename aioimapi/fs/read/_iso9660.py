"""Directories of ISO 9660 (ECMA-119 9), read plainly, as Joliet, or with Rock Ridge.

A directory is read in bursts of whole sectors, decoded record by record into plain tuples, and only then made into
entries: continuation areas and relocated directories of a burst are fetched together in between.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

import attrs

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import (
    BURST_SECTORS,
    MAX_DIRECTORY_ENTRIES,
    SECTOR,
    ImageContext,
    Parser,
    SectorRequest,
    gather,
    require_directory_size,
    try_read,
)
from aioimapi.fs.read._iso_records import DIRECTORY, HIDDEN, Record, RecordDecoder
from aioimapi.fs.read._iso_volume import IsoDescriptor
from aioimapi.fs.read._rockridge import (
    MAX_CONTINUATION_BYTES,
    MAX_CONTINUATIONS,
    ROCK_RIDGE_IDS,
    SystemUse,
    parse_area,
)
from aioimapi.fs.read._times import short_time_ns
from aioimapi.fs.read._tree import Entry, EntryKind, FileSystem, clean_name, root_entry

_U32 = Struct("<I").unpack_from

_KINDS: Final = {
    0o100000: EntryKind.FILE,
    0o040000: EntryKind.DIRECTORY,
    0o120000: EntryKind.SYMLINK,
    0o020000: EntryKind.CHARACTER_DEVICE,
    0o060000: EntryKind.BLOCK_DEVICE,
    0o010000: EntryKind.FIFO,
    0o140000: EntryKind.SOCKET,
}


RELOCATION_NAMES: Final = ("rr_moved", ".rr_moved")
"""What programs call the directory that keeps relocated ones, in small letters."""


class IsoFileSystem(FileSystem):
    """One directory tree of an ISO 9660 volume.

    Args:
        context: What is known of the image.
        descriptor: The volume descriptor that names the root.
        kind: ``iso9660``, ``joliet`` or ``rockridge``.
        skip: Bytes that Rock Ridge's SP entry says to skip in every system use area.
    """

    def __init__(self, context: ImageContext, descriptor: IsoDescriptor, kind: str, skip: int = 0) -> None:
        if descriptor.block_size not in (512, 1024, SECTOR):
            raise ImageFormatError(
                f"the volume descriptor at sector {descriptor.lba} gives blocks of {descriptor.block_size} bytes; "
                "ECMA-119 6.2.2 allows 512, 1024 and 2048",
                lba=descriptor.lba,
            )
        self.kind = kind
        self.name = descriptor.name
        self._context = context
        self._findings = context.findings
        self._block_size = descriptor.block_size
        self._rock_ridge = kind == "rockridge"
        self._joliet = kind == "joliet"
        self._skip = skip
        lba, offset, fault = self._place(descriptor.root_block, descriptor.root_size)
        self.root = root_entry(
            ((lba, descriptor.root_size),),
            descriptor.root_size,
            offset=offset,
            mtime_ns=descriptor.created_ns,
            fault=fault,
        )

    # --- directories --------------------------------------------------------------------------------

    def children(self, directory: Entry) -> Parser[list[Entry]]:
        """Read a directory; see :meth:`FileSystem.children`."""
        path = directory.path
        if directory.fault:
            raise ImageFormatError(f"directory {path} cannot be read: {directory.fault}", path=path)
        entries: list[Entry] = []
        names: set[str] = set()
        decoder = self._decoder(path)
        for lba, size in directory.extents:
            require_directory_size(size, path, lba)
            if size % SECTOR and self._block_size == SECTOR:
                self._findings.note(
                    "odd directory lengths", f"directory {path} is {size} bytes long, not whole sectors"
                )
            total = -(-(size + directory.offset) // SECTOR)
            for first in range(0, total, BURST_SECTORS):
                data = yield SectorRequest(lba + first, min(BURST_SECTORS, total - first))
                start = directory.offset if first == 0 else 0
                end = min(len(data), directory.offset + size - first * SECTOR)
                records = decoder.decode(data, start, end)
                if self._rock_ridge:
                    yield from self._continue_areas(records, path)
                yield from self._finish(records, path, entries, names)
                if len(entries) > MAX_DIRECTORY_ENTRIES:
                    self._findings.note(
                        "too many entries",
                        f"directory {path} has more than {MAX_DIRECTORY_ENTRIES:,}; the rest is left out",
                    )
                    return entries
        yield from self._finish(decoder.close(), path, entries, names)
        if path == "/" and self._rock_ridge:
            yield from self._hide_relocation(entries)
        return entries

    def _hide_relocation(self, entries: list[Entry]) -> Parser[None]:
        """Leave out the directory that only keeps relocated ones: they are shown where they belong (RRIP 4.1.5)."""
        for index, entry in enumerate(entries):
            if (
                entry.is_directory
                and entry.name.lower() in RELOCATION_NAMES
                and entry.extents
                and not entry.fault
            ):
                lba, size = entry.extents[0]
                data = yield from try_read(lba, min(-(-(size + entry.offset) // SECTOR), BURST_SECTORS))
                if data is None or entry.size > len(data):
                    return
                records = self._decoder(entry.path).decode(data, entry.offset, len(data))
                yield from self._continue_areas(records, entry.path)
                if records and all(record.use is not None and record.use.relocated for record in records):
                    del entries[index]
                    return

    def _decoder(self, path: str) -> RecordDecoder:
        return RecordDecoder(self._findings, path, self._skip if self._rock_ridge else None)

    # --- Rock Ridge ---------------------------------------------------------------------------------

    def _continue_areas(self, records: list[Record], path: str) -> Parser[None]:
        """Fetch continuation areas, and those that these name, until none is left."""
        waiting = [
            use for record in records if (use := record.use) is not None and use.continuation is not None
        ]
        seen: set[tuple[int, tuple[int, int, int]]] = set()
        for _ in range(MAX_CONTINUATIONS):
            if not waiting:
                return
            wanted: list[tuple[int, int, tuple[SystemUse, int, int]]] = []
            for use in waiting:
                place = use.continuation
                use.continuation = None
                if place is None:
                    continue
                block, offset, length = place
                if (
                    length > MAX_CONTINUATION_BYTES
                    or offset >= MAX_CONTINUATION_BYTES
                    or (id(use), place) in seen
                ):
                    self._findings.note(
                        "broken continuation areas",
                        f"a continuation area of {path} loops or is too long; it is ignored",
                    )
                    continue
                seen.add((id(use), place))
                start = block * self._block_size + offset
                lba, skip = divmod(start, SECTOR)
                wanted.append((lba, -(-(skip + length) // SECTOR), (use, skip, length)))

            def take(key: tuple[SystemUse, int, int], data: bytes) -> None:
                use, skip, length = key
                if not data:
                    self._findings.note(
                        "broken continuation areas", f"a continuation area of {path} cannot be read"
                    )
                    return
                parse_area(use, data, skip, skip + length, self._findings, path)

            yield from gather(wanted, take)
            waiting = [use for use in waiting if use.continuation is not None]
        if waiting:
            self._findings.note(
                "broken continuation areas", f"a record of {path} chains more than {MAX_CONTINUATIONS} areas"
            )

    def _relocated(self, records: list[Record], path: str) -> Parser[dict[int, bytes]]:
        """Read the first sector of each directory that a record of ``records`` stands for (CL, RRIP 4.1.5.1)."""
        wanted = [
            (self._lba(record.use.child_lba), 1, self._lba(record.use.child_lba))
            for record in records
            if record.use is not None and record.use.child_lba is not None
        ]
        sectors: dict[int, bytes] = {}
        if wanted:
            yield from gather(wanted, sectors.__setitem__)
        return sectors

    def _lba(self, block: int) -> int:
        return block * self._block_size // SECTOR

    # --- entries ------------------------------------------------------------------------------------

    def _finish(
        self, records: list[Record], path: str, entries: list[Entry], names: set[str]
    ) -> Parser[None]:
        heads = (yield from self._relocated(records, path)) if self._rock_ridge else {}
        for record in records:
            use = record.use
            if use is None:
                entries.append(self._plain_entry(record, path, names))
            elif use.relocated:
                continue  # it is shown where its CL record lies
            elif use.child_lba is not None:
                entries.append(
                    self._relocated_entry(record, use, heads.get(self._lba(use.child_lba), b""), path)
                )
            else:
                entries.append(self._rock_ridge_entry(record, use, path))

    def _plain_entry(self, record: Record, path: str, names: set[str]) -> Entry:
        directory = record.flags & DIRECTORY
        name = self._decode(record.identifier, path)
        if not directory:
            bare = self._strip_version(name)
            if bare in names:
                self._findings.note(
                    "several versions",
                    f"{path}: {name!r} shares its name with another entry; its version is kept",
                )
            else:
                name = bare
        name = clean_name(name, self._findings, path)
        names.add(name)
        extents, size, offset, fault = self._content(record, path)
        return Entry(
            path,
            name,
            EntryKind.DIRECTORY if directory else EntryKind.FILE,
            size,
            mtime_ns=short_time_ns(record.date),
            extents=extents,
            offset=offset,
            hidden=bool(record.flags & HIDDEN),
            fault=fault,
        )

    def _rock_ridge_entry(self, record: Record, use: SystemUse, path: str) -> Entry:
        raw = use.name
        name = (
            self._strip_version(record.identifier.decode("utf-8", "surrogateescape"))
            if raw is None
            else raw.decode("utf-8", "surrogateescape")
        )
        name = clean_name(name, self._findings, path)
        kind, mode = self._kind(record, use, path)
        extents, size, offset, fault = self._content(record, path)
        target: str | None = None
        if kind is EntryKind.SYMLINK:
            if use.target is None:
                self._findings.note(
                    "symlinks without target", f"the symlink {name!r} in {path} has no target (SL)"
                )
            target = (use.target or b"").decode("utf-8", "surrogateescape").replace("\0", "_")
        if kind not in (EntryKind.FILE, EntryKind.DIRECTORY):
            extents, size, offset, fault = (), 0, 0, ""
        elif use.sparse:
            fault = "it is stored as a Rock Ridge sparse file (SF), a form that is not read"
        elif use.compressed:
            self._findings.note(
                "compressed files",
                f"{path}: {name!r} is stored compressed (ZF, {use.compressed.decode('latin-1')}) and given so",
            )
        mtime = use.mtime_ns
        return Entry(
            path,
            name,
            kind,
            size,
            short_time_ns(record.date) if mtime is None else mtime,
            mode,
            use.uid,
            use.gid,
            target,
            extents,
            offset,
            use.device if kind in (EntryKind.CHARACTER_DEVICE, EntryKind.BLOCK_DEVICE) else None,
            use.links,
            bool(record.flags & HIDDEN),
            fault,
            use.serial,
        )

    def _kind(self, record: Record, use: SystemUse, path: str) -> tuple[EntryKind, int | None]:
        recorded = EntryKind.DIRECTORY if record.flags & DIRECTORY else EntryKind.FILE
        if use.mode is None:
            return (
                EntryKind.SYMLINK if use.target is not None and recorded is EntryKind.FILE else recorded
            ), None
        kind = _KINDS.get(use.mode & 0o170000, recorded)
        if (kind is EntryKind.DIRECTORY) != (recorded is EntryKind.DIRECTORY):
            self._findings.note(
                "kinds differ",
                f"an entry of {path} is a {kind.value} in Rock Ridge but a {recorded.value} in ISO 9660",
            )
            kind = recorded
        return kind, use.mode & 0o7777

    def _relocated_entry(self, record: Record, use: SystemUse, head: bytes, path: str) -> Entry:
        """Make a directory of a CL record: its length stands in its own first record, which must point to itself."""
        child = use.child_lba or 0
        entry = self._rock_ridge_entry(
            record._replace(
                flags=record.flags | DIRECTORY, sections=((child, 0),), interleaved=False, complete=True
            ),
            use,
            path,
        )
        start = child * self._block_size % SECTOR
        if len(head) < start + 34 or head[start] < 34 or head[start + 32] != 1 or head[start + 33] != 0:
            return attrs.evolve(
                entry,
                kind=EntryKind.DIRECTORY,
                extents=(),
                size=0,
                fault=f"its relocated directory is not at block {child}",
            )
        (size,) = _U32(head, start + 10)
        lba, offset, fault = self._place(child, size)
        return attrs.evolve(
            entry, kind=EntryKind.DIRECTORY, extents=((lba, size),), size=size, offset=offset, fault=fault
        )

    def _content(self, record: Record, path: str) -> tuple[tuple[tuple[int, int], ...], int, int, str]:
        """Return extents in sectors, size, offset, and what is wrong with them."""
        sections = record.sections
        if len(sections) == 1:
            block, size = sections[0]
            if size == 0:
                return (), 0, 0, ""
            lba, offset, fault = self._place(block, size)
            if record.interleaved:
                fault = "it is interleaved (ECMA-119 6.4.3), which is not read"
            elif not record.complete:
                fault = "its last section is missing"
            return ((lba, size),), size, offset, fault
        extents: list[tuple[int, int]] = []
        fault = "" if record.complete else "its last section is missing"
        if record.interleaved:
            fault = "it is interleaved (ECMA-119 6.4.3), which is not read"
        for index, (block, size) in enumerate(sections):
            if size == 0:
                continue
            lba, offset, wrong = self._place(block, size)
            last = index == len(sections) - 1
            if offset or (size % SECTOR and not last):
                wrong = "one of its sections is not whole sectors"
            fault = fault or wrong
            if extents and extents[-1][0] + extents[-1][1] // SECTOR == lba:
                extents[-1] = (extents[-1][0], extents[-1][1] + size)
            else:
                extents.append((lba, size))
        return tuple(extents), sum(size for _, size in extents), 0, fault

    def _place(self, block: int, size: int) -> tuple[int, int, str]:
        lba, offset = divmod(block * self._block_size, SECTOR)
        if not self._context.holds(lba, size + offset):
            return lba, offset, f"its extent (sector {lba}, {size:,} bytes) goes past the end of the image"
        return lba, offset, ""

    # --- names --------------------------------------------------------------------------------------

    def _decode(self, identifier: bytes, path: str) -> str:
        if self._joliet:
            if len(identifier) & 1:
                self._findings.note(
                    "odd Joliet names",
                    f"a Joliet name in {path} has an odd number of bytes; the last is dropped",
                )
                identifier = identifier[:-1]
            name = identifier.decode("utf-16-be", "replace")
        else:
            name = identifier.decode("utf-8", "surrogateescape")
        return name

    @staticmethod
    def _strip_version(identifier: str) -> str:
        """Drop the version number (ECMA-119 7.5.1), and the dot that stands before an empty extension."""
        name, semicolon, version = identifier.rpartition(";")
        if semicolon and (not version or version.isdigit()):
            identifier = name
        return (
            identifier[:-1]
            if identifier.endswith(".") and len(identifier) > 1 and identifier not in (".", "..")
            else identifier
        )


def probe_rock_ridge(context: ImageContext, descriptor: IsoDescriptor) -> Parser[int | None]:
    """Tell whether a volume has Rock Ridge.

    Returns:
        Bytes to skip in every system use area (SUSP 5.3), or None where there is no Rock Ridge.
    """
    lba, offset = divmod(descriptor.root_block * descriptor.block_size, SECTOR)
    head = yield from try_read(lba, 1)
    if head is None or len(head) < offset + 34:
        return None
    length = head[offset]
    start, stop = offset + 34, offset + length
    if length < 34 or stop > len(head):
        return None
    if head[start + 14 : start + 16] == b"SP" and head[start : start + 2] != b"SP":
        start += 14  # CD-ROM XA's 14 bytes come first; SP then gives this as the skip
    use = SystemUse()
    quiet = context.findings
    parse_area(use, head, start, stop, quiet, "/")
    for _ in range(4):
        if use.continuation is None:
            break
        block, place, size = use.continuation
        use.continuation = None
        at, skip = divmod(block * descriptor.block_size + place, SECTOR)
        if size > MAX_CONTINUATION_BYTES:
            break
        more = yield from try_read(at, -(-(skip + size) // SECTOR) or 1)
        if more is not None:
            parse_area(use, more, skip, skip + size, quiet, "/")
    announced = any(identifier in ROCK_RIDGE_IDS for identifier in use.extensions)
    if use.skip is None and use.mode is None:
        return None
    if use.skip is None:
        quiet.note(
            "Rock Ridge without SP",
            "the root directory has Rock Ridge entries but no SP (SUSP 5.3); they are read",
        )
    if not announced:
        if use.mode is None:
            return None
        quiet.note(
            "Rock Ridge without ER", "no ER entry announces Rock Ridge (RRIP 4.3); it is read all the same"
        )
    return use.skip or 0


__all__ = ("RELOCATION_NAMES", "IsoFileSystem", "probe_rock_ridge")
