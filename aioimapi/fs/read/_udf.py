"""Directories and files of UDF (ECMA-167 part 4, UDF 2.3).

A directory is read in three strides, none of them one entry at a time: its file identifiers in bursts, then the file
entries that they name, sorted by sector and fetched together, then what few of these need more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct
from typing import Final, NamedTuple

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import (
    BURST_SECTORS,
    MAX_DIRECTORY_ENTRIES,
    READ_FAULTS,
    SECTOR,
    Findings,
    ImageContext,
    Parser,
    SectorRequest,
    gather,
    read_span,
    require_directory_size,
    try_read,
)
from aioimapi.fs.read._tree import HOLE, Entry, EntryKind, FileSystem, clean_name, root_entry
from aioimapi.fs.read._udf_fields import (
    EXTENDED_FILE_ENTRY,
    FILE_ENTRY,
    FILE_IDENTIFIER,
    FILE_SET,
    Extent,
    LongAd,
    check_tag,
    decode_cs0,
    is_sound,
)
from aioimapi.fs.read._udf_icb import (
    TYPE_BLOCK,
    TYPE_CHARACTER,
    TYPE_DIRECTORY,
    TYPE_FIFO,
    TYPE_FILE,
    TYPE_REALTIME,
    TYPE_SOCKET,
    TYPE_STREAMS,
    TYPE_SYMLINK,
    TYPE_UNSPECIFIED,
    Icb,
    parse_icb,
)
from aioimapi.fs.read._udf_volume import UdfVolume, find_anchor, open_udf_volume

_FID = Struct("<16xHBBIIH6xH")
_HIDDEN, _DIRECTORY, _DELETED, _PARENT = 0x01, 0x02, 0x04, 0x08
_ORDINARY_STRATEGY: Final = 4
MAX_LINK_BYTES: Final = 65_536
MAX_RESYNCS: Final = 1000
MAX_FILE_SETS: Final = 64

_KINDS: Final = {
    TYPE_UNSPECIFIED: EntryKind.FILE,
    TYPE_FILE: EntryKind.FILE,
    TYPE_REALTIME: EntryKind.FILE,
    TYPE_DIRECTORY: EntryKind.DIRECTORY,
    TYPE_STREAMS: EntryKind.DIRECTORY,
    TYPE_SYMLINK: EntryKind.SYMLINK,
    TYPE_BLOCK: EntryKind.BLOCK_DEVICE,
    TYPE_CHARACTER: EntryKind.CHARACTER_DEVICE,
    TYPE_FIFO: EntryKind.FIFO,
    TYPE_SOCKET: EntryKind.SOCKET,
}


class _Identifier(NamedTuple):
    """One file identifier descriptor."""

    name: str
    flags: int
    block: int
    partition: int


class _Content(NamedTuple):
    """Where a file's bytes are, in :class:`Entry`'s terms."""

    extents: tuple[tuple[int, int], ...]
    size: int
    offset: int
    fault: str


_NOTHING: Final = _Content((), 0, 0, "")


class UdfFileSystem(FileSystem):
    """The first file set of a UDF volume.

    Args:
        volume: The volume.
        root: The root directory's entry.
        name: The volume name.
    """

    kind = "udf"

    def __init__(self, volume: UdfVolume, root: Entry, name: str) -> None:
        self._volume = volume
        self._context = volume.context
        self._findings = volume.context.findings
        self.root = root
        self.name = name
        self.revision = volume.revision

    # --- directories --------------------------------------------------------------------------------

    def children(self, directory: Entry) -> Parser[list[Entry]]:
        """Read a directory; see :meth:`FileSystem.children`."""
        path = directory.path
        if directory.fault:
            raise ImageFormatError(f"directory {path} cannot be read: {directory.fault}", path=path)
        require_directory_size(directory.size, path, directory.extents[0][0] if directory.extents else 0)
        identifiers = yield from self._identifiers(directory, path)
        icbs = yield from self._icbs(identifiers, path)
        entries: list[Entry] = []
        for identifier in identifiers:
            found = icbs.get((identifier.partition, identifier.block))
            entries.append(self._entry(identifier, found, path))
        return entries

    def streams(self, entry: Entry) -> Parser[list[Entry]]:
        """Read the names of a file's named streams (UDF 3.3.5); see :meth:`FileSystem.streams`."""
        if not entry.streams or entry.serial is None:
            return []
        path = f"{entry.path}:"
        own = _Identifier(entry.name, 0, entry.serial & 0xFFFF_FFFF, entry.serial >> 32)
        icb = yield from self._icb_of(own, path)
        if icb.streams is None:
            return []
        partition, block = icb.streams
        identifier = _Identifier(path, _DIRECTORY, block, partition)
        icbs = yield from self._icbs([identifier], path)
        directory = self._entry(identifier, icbs.get((partition, block)), "")
        if directory.fault:
            raise ImageFormatError(f"the named streams of {entry.path} cannot be read: {directory.fault}")
        return (yield from self.children(directory))

    def _icb_of(self, identifier: _Identifier, path: str) -> Parser[Icb]:
        found = (yield from self._icbs([identifier], path))[identifier.partition, identifier.block]
        if isinstance(found, str):
            raise ImageFormatError(f"the file entry of {path} cannot be read: {found}", path=path)
        return found[0]

    def names(self, directory: Entry) -> Parser[list[str]]:
        """Read the names in a directory, without the file entries that they stand for.

        Args:
            directory: The root, or an entry of this file system.

        Raises:
            ImageFormatError: No sense can be made of the directory.
        """
        require_directory_size(directory.size, directory.path, 0)
        return [each.name for each in (yield from self._identifiers(directory, directory.path))]

    def _identifiers(self, directory: Entry, path: str) -> Parser[list[_Identifier]]:
        """Read a directory; where its metadata is recorded twice, the copy of it that has no faults."""
        copy = self._copy_of(directory)
        if not copy:
            return (yield from self._identifiers_in(directory.extents, directory, path, self._findings))
        main, mirror = Findings(), Findings()
        result: list[_Identifier] | None = None
        fault: Exception | None = None
        try:
            result = yield from self._identifiers_in(directory.extents, directory, path, main)
        except READ_FAULTS as error:
            fault = error
        if fault is not None or main.sentences():
            try:
                other = yield from self._identifiers_in(copy, directory, path, mirror)
            except READ_FAULTS:
                mirror.note("mirror", "cannot be read")
                other = []
            if not mirror.sentences():
                self._note_mirror(f"directory {path}")
                return other
        if result is None:
            assert fault is not None
            raise fault
        self._findings.take(main)
        return result

    def _copy_of(self, directory: Entry) -> list[tuple[int, int]]:
        """Return the extents of a directory's second copy; empty where not all of it is recorded twice."""
        result: list[tuple[int, int]] = []
        for lba, size in directory.extents:
            copies = (
                self._volume.elsewhere(lba, -(-(size + directory.offset) // SECTOR)) if lba != HOLE else []
            )
            if not copies:
                return []
            for first, count in copies:
                result.append((first, min(size, count * SECTOR)))
                size -= count * SECTOR
        return result

    def _note_mirror(self, what: str) -> None:
        self._findings.note("metadata mirror", f"{what} is damaged; its copy in the metadata mirror is read")

    def _identifiers_in(
        self, extents: Sequence[tuple[int, int]], directory: Entry, path: str, findings: Findings
    ) -> Parser[list[_Identifier]]:
        result: list[_Identifier] = []
        rest = b""
        skip = directory.offset
        resyncs = 0
        for lba, size in extents:
            if lba == HOLE:
                findings.note("holes in directories", f"a part of directory {path} is not recorded")
                continue
            size += skip
            total = -(-size // SECTOR)
            for first in range(0, total, BURST_SECTORS):
                count = min(BURST_SECTORS, total - first)
                data = yield SectorRequest(lba + first, count)
                used = min(len(data), size - first * SECTOR)
                rest += data[skip:used]
                skip = 0
                end, tries = _parse_identifiers(rest, path, result, MAX_RESYNCS - resyncs, findings)
                rest = rest[end:]
                resyncs += tries
                if len(result) > MAX_DIRECTORY_ENTRIES:
                    findings.note(
                        "too many entries",
                        f"directory {path} has more than {MAX_DIRECTORY_ENTRIES:,}; the rest is left out",
                    )
                    return result
        if rest.strip(b"\0"):
            findings.note(
                "broken identifiers", f"the last file identifier of {path} is cut short; it is left out"
            )
        return result

    # --- file entries -------------------------------------------------------------------------------

    def _icbs(
        self, identifiers: list[_Identifier], path: str
    ) -> Parser[dict[tuple[int, int], tuple[Icb, _Content, str] | str]]:
        """Fetch the file entries of many identifiers; one that cannot be had is there as the reason."""
        result: dict[tuple[int, int], tuple[Icb, _Content, str] | str] = {}
        wanted: list[tuple[int, int, tuple[int, int, int]]] = []
        unfinished: list[tuple[tuple[int, int], Icb]] = []
        for partition, block in {(identifier.partition, identifier.block) for identifier in identifiers}:
            try:
                lba = self._volume.sector(partition, block)
            except ImageFormatError as error:
                result[partition, block] = str(error)
            else:
                wanted.append((lba, 1, (lba, partition, block)))

        def take(key: tuple[int, int, int], data: bytes) -> None:
            lba, partition, block = key
            if not data:
                result[partition, block] = f"its file entry at sector {lba} cannot be read"
                return
            try:
                icb = parse_icb(data, block, partition, self._findings, path)
            except ImageFormatError as error:
                result[partition, block] = str(error)
                return
            if icb.continued:
                unfinished.append(((partition, block), icb))
                return
            content = self._content(icb, icb.extents, lba, path)
            target = ""
            if icb.file_type == TYPE_SYMLINK:
                if icb.inline is None:
                    unfinished.append(((partition, block), icb))
                else:
                    target = self._target(data[content.offset : content.offset + content.size], path)
            result[partition, block] = (icb, content, target)

        if self._volume.mirrored:
            yield from self._gather_sound(wanted, take, path)
        else:
            yield from gather(wanted, take)
        for key, icb in unfinished:
            try:
                extents = yield from self._volume.all_extents(icb, f"a file of {path}")
                content = self._content(icb, extents, 0, path)
                target = (
                    (yield from self._distant_target(content, path)) if icb.file_type == TYPE_SYMLINK else ""
                )
                result[key] = (icb, content, target)
            except READ_FAULTS as error:
                result[key] = str(error)
        return result

    def _gather_sound(
        self,
        wanted: list[tuple[int, int, tuple[int, int, int]]],
        take: Callable[[tuple[int, int, int], bytes], None],
        path: str,
    ) -> Parser[None]:
        """Fetch file entries that are recorded twice: where one is damaged, its copy."""
        damaged: list[tuple[int, int, tuple[tuple[int, int, int], bytes]]] = []

        def look(key: tuple[int, int, int], data: bytes) -> None:
            copies = (
                [] if is_sound(data, (FILE_ENTRY, EXTENDED_FILE_ENTRY)) else self._volume.elsewhere(key[0], 1)
            )
            if copies:
                damaged.append((copies[0][0], 1, (key, data)))
            else:
                take(key, data)

        def replace(both: tuple[tuple[int, int, int], bytes], copy: bytes) -> None:
            key, data = both
            if is_sound(copy, (FILE_ENTRY, EXTENDED_FILE_ENTRY)):
                self._note_mirror(f"the file entry at sector {key[0]} ({path})")
                copies = self._volume.elsewhere(key[0], 1)
                take((copies[0][0], *key[1:]), copy)
            else:
                take(key, data)

        yield from gather(wanted, look)
        yield from gather(damaged, replace)

    def _content(self, icb: Icb, extents: list[Extent], lba: int, path: str) -> _Content:
        if icb.inline is not None:
            offset, size = icb.inline
            return _Content(((lba, size),) if size else (), size, offset if size else 0, "")
        if not extents and not icb.size:
            return _NOTHING
        placed, size, fault = self._volume.place(extents, icb.size, f"a file of {path}")
        return _Content(placed, size, 0, fault)

    def _distant_target(self, content: _Content, path: str) -> Parser[str]:
        parts: list[bytes] = []
        if content.size > MAX_LINK_BYTES or content.fault:
            self._findings.note(
                "long symlinks", f"a symlink of {path} has {content.size:,} bytes; its target is left out"
            )
            return ""
        for lba, size in content.extents:
            parts.append(bytes(size) if lba == HOLE else (yield from read_span(lba, size)))
        return self._target(b"".join(parts), path)

    def _target(self, data: bytes, path: str) -> str:
        """Join the path components of a symlink (ECMA-167 4/14.16.1)."""
        target = ""
        position = 0
        while position + 4 <= len(data):
            kind, length = data[position], data[position + 1]
            raw = data[position + 4 : position + 4 + length]
            position += 4 + length
            if kind in (1, 2):
                target = "/"
                continue
            if target and not target.endswith("/"):
                target += "/"
            if kind == 3:
                target += ".."
            elif kind == 4:
                target += "."
            elif kind == 5:
                target += (decode_cs0(raw) or "").replace("\0", "_")
            else:
                self._findings.note(
                    "unknown path components",
                    f"a symlink of {path} has a component of type {kind}; it is left out",
                )
        return target

    def _entry(
        self, identifier: _Identifier, found: tuple[Icb, _Content, str] | str | None, path: str
    ) -> Entry:
        recorded = EntryKind.DIRECTORY if identifier.flags & _DIRECTORY else EntryKind.FILE
        hidden = bool(identifier.flags & _HIDDEN)
        if found is None or isinstance(found, str):
            return Entry(
                path, identifier.name, recorded, 0, hidden=hidden, fault=found or "its file entry is missing"
            )
        icb, content, target = found
        kind = _KINDS.get(icb.file_type)
        fault = content.fault
        if kind is None:
            kind, fault = recorded, f"its file type {icb.file_type} is none of a file"
        if (kind is EntryKind.DIRECTORY) != (recorded is EntryKind.DIRECTORY):
            self._findings.note(
                "kinds differ",
                f"{identifier.name!r} in {path} is a {recorded.value} by name, a {kind.value} by file entry",
            )
        if icb.strategy != _ORDINARY_STRATEGY:
            self._findings.note(
                "ICB strategies",
                f"{identifier.name!r} in {path} has ICB strategy {icb.strategy}; its first file entry is read",
            )
        plain = kind in (EntryKind.FILE, EntryKind.DIRECTORY)
        return Entry(
            path,
            identifier.name,
            kind,
            content.size if plain else 0,
            icb.mtime_ns,
            icb.mode,
            icb.uid,
            icb.gid,
            target if kind is EntryKind.SYMLINK else None,
            content.extents if plain else (),
            content.offset if plain else 0,
            icb.device,
            icb.links,
            hidden,
            fault,
            identifier.partition << 32 | identifier.block,
            icb.streams is not None,
        )


def _parse_identifiers(
    data: bytes, path: str, result: list[_Identifier], tries: int, findings: Findings
) -> tuple[int, int]:
    """Decode file identifiers (ECMA-167 4/14.4); return what was used up, and how often the place was lost."""
    position, end, lost = 0, len(data), 0
    while position + 38 <= end:
        if check_tag(data, position, None, findings, f"a file identifier of {path}") != FILE_IDENTIFIER:
            following = data.find(b"\x01\x01", position + 1)
            while following % 4 and following > 0:
                following = data.find(b"\x01\x01", following + 1)
            lost += 1
            if data[position : following if following > 0 else end].strip(b"\0"):
                findings.note(
                    "broken identifiers",
                    f"{path} holds something that is no file identifier; it is skipped",
                )
            if following < 0 or lost > tries:
                return end, lost
            position = following
            continue
        _version, flags, name_length, _length, block, partition, use_length = _FID.unpack_from(data, position)
        stop = position + 38 + use_length + name_length
        if stop > end:
            break
        if not flags & (_DELETED | _PARENT):
            raw = data[stop - name_length : stop]
            name = decode_cs0(raw)
            if name is None:
                findings.note(
                    "unknown name coding",
                    f"a name in {path} has compression identifier {raw[0]}; it is read as Latin-1",
                )
                name = raw[1:].decode("latin-1")
            result.append(_Identifier(clean_name(name, findings, path), flags, block, partition))
        position = (stop + 3) & ~3
    return min(position, end), lost


def open_udf(context: ImageContext, *, thorough: bool) -> Parser[UdfFileSystem | None]:
    """Open the UDF file system of an image.

    Args:
        context: What is known of the image.
        thorough: Look for anchors at the image's end, too.

    Returns:
        The file system, or None where there is no anchor.

    Raises:
        ImageFormatError: There is an anchor, but no file system that can be read.
    """
    anchor = yield from find_anchor(context, thorough=thorough)
    if anchor is None:
        return None
    volume = yield from open_udf_volume(context, anchor)
    place = volume.file_set
    root: LongAd | None = None
    for _ in range(MAX_FILE_SETS):
        lba = volume.sector(place.partition, place.block)
        data = yield from try_read(lba, 1)
        copies = [] if data is not None and is_sound(data, (FILE_SET,)) else volume.elsewhere(lba, 1)
        if copies:
            copy = yield from try_read(copies[0][0], 1)
            if copy is not None and is_sound(copy, (FILE_SET,)):
                context.findings.note(
                    "metadata mirror", "the file set is damaged; its copy in the metadata mirror is read"
                )
                data = copy
        if (
            data is None
            or check_tag(data, 0, place.block, context.findings, f"the file set at sector {lba}") != FILE_SET
        ):
            break
        root = LongAd.parse(data, 400)
        following = LongAd.parse(data, 448)
        # Later file sets of a write-once volume replace earlier ones (ECMA-167 4/8.3.1); most discs have one.
        if not following.size:
            break
        place = following
    if root is None:
        raise ImageFormatError(f"the UDF file set descriptor at block {place.block} cannot be read")
    system = UdfFileSystem(volume, root_entry((), 0), volume.name)
    system.root = yield from _read_root(system, volume, root)
    return system


def _read_root(system: UdfFileSystem, volume: UdfVolume, place: LongAd) -> Parser[Entry]:
    identifier = _Identifier("/", _DIRECTORY, place.block, place.partition)
    icbs = yield from system._icbs([identifier], "/")
    entry = system._entry(identifier, icbs.get((place.partition, place.block)), "")
    if entry.fault or not entry.is_directory:
        raise ImageFormatError(
            f"the root directory of the UDF volume cannot be read: {entry.fault or 'it is no directory'}"
        )
    return entry


__all__ = ("UdfFileSystem", "open_udf")
