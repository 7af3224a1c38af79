"""What trees an image carries, and which of them to read."""

from __future__ import annotations

import attrs

from aioimapi.errors import ImageFormatError
from aioimapi.fs.read._base import READ_FAULTS, ImageContext, Parser
from aioimapi.fs.read._choice import PREFERENCE, TITLES, choice, why_udf
from aioimapi.fs.read._iso9660 import IsoFileSystem, probe_rock_ridge
from aioimapi.fs.read._iso_volume import IsoDescriptor, read_descriptors
from aioimapi.fs.read._tree import FileSystem
from aioimapi.fs.read._udf import UdfFileSystem, open_udf


@attrs.frozen
class Detected:
    """What was found in a session of an image.

    Attributes:
        available: Kinds of the trees that can be read, the richest first.
        file_system: The chosen one.
        name: The volume name; of a Rock Ridge volume that was not asked for by name, the one that UDF or Joliet keeps.
        choice: What was chosen and why, in a few words.
        boot_catalog: Sector of El Torito's boot catalog, or None.
        block_count: Sectors that the primary volume descriptor gives to the volume, or None.
    """

    available: tuple[str, ...]
    file_system: FileSystem
    name: str
    choice: str
    boot_catalog: int | None
    block_count: int | None


def detect(context: ImageContext, wanted: str = "auto") -> Parser[Detected]:
    """Find the trees of an image and open one.

    Args:
        context: What is known of the image.
        wanted: ``auto`` or one of :data:`PREFERENCE`.

    Raises:
        ImageFormatError: There is no tree that can be read, or not the wanted one.
    """
    descriptors = yield from read_descriptors(context)
    reasons: list[str] = []
    systems: dict[str, FileSystem] = {}
    udf: UdfFileSystem | None = None
    iso = descriptors.primary or descriptors.enhanced or descriptors.joliet
    try:
        udf = yield from open_udf(context, thorough=bool(descriptors.nsr) or iso is None)
    except READ_FAULTS as error:
        reasons.append(str(error))
    if udf is not None:
        systems["udf"] = udf
        if not descriptors.nsr:
            context.findings.note(
                "no NSR descriptor",
                "no NSR descriptor announces UDF (ECMA-167 2/8.1); it is read all the same",
            )
    elif descriptors.nsr and not reasons:
        reasons.append(f"{descriptors.nsr} announces UDF, but no anchor was found")
    primary = descriptors.primary or descriptors.enhanced
    if primary is not None:
        skip = yield from probe_rock_ridge(context, primary)
        if skip is not None:
            _add(systems, reasons, context, primary, "rockridge", skip)
    if descriptors.joliet is not None:
        _add(systems, reasons, context, descriptors.joliet, "joliet", 0)
    if primary is not None:
        _add(systems, reasons, context, primary, "iso9660", 0)
    available = tuple(kind for kind in PREFERENCE if kind in systems)
    for reason in reasons if available else ():
        context.findings.note("unreadable file systems", reason)
    why = ""
    rock_ridge = systems.get("rockridge")
    if wanted == "auto" and udf is not None and isinstance(rock_ridge, IsoFileSystem):
        why = yield from why_udf(context, udf, rock_ridge)
        if why:
            available = ("udf", *(kind for kind in available if kind != "udf"))
    chosen = wanted if wanted != "auto" else next(iter(available), "")
    if chosen not in systems:
        raise _nothing(
            wanted, available, reasons or list(context.findings.sentences()[:3]), context.session_start
        )
    return Detected(
        available,
        systems[chosen],
        _name(wanted, systems, chosen),
        choice(wanted, systems[chosen], available, why),
        descriptors.boot_catalog,
        iso.block_count * iso.block_size // 2048 if iso is not None else None,
    )


def _add(
    systems: dict[str, FileSystem],
    reasons: list[str],
    context: ImageContext,
    descriptor: IsoDescriptor,
    kind: str,
    skip: int,
) -> None:
    try:
        system = IsoFileSystem(context, descriptor, kind, skip)
    except ImageFormatError as error:
        reasons.append(str(error))
        return
    if system.root.fault:
        reasons.append(f"the root directory of {TITLES[kind]} cannot be read: {system.root.fault}")
        return
    systems[kind] = system


def _name(wanted: str, systems: dict[str, FileSystem], chosen: str) -> str:
    """Return the volume name; the one that goes with Rock Ridge has 32 characters, mostly capitals (ECMA-119 8.4.7)."""
    kinds = ("udf", "joliet", "rockridge") if (wanted, chosen) == ("auto", "rockridge") else (chosen,)
    return next((systems[kind].name for kind in kinds if kind in systems and systems[kind].name), "")


def _nothing(
    wanted: str, available: tuple[str, ...], reasons: list[str], session_start: int
) -> ImageFormatError:
    if available:
        titles = ", ".join(TITLES[kind] for kind in available)
        return ImageFormatError(
            f"the image has no {TITLES.get(wanted, wanted)} tree that can be read; it has {titles}"
        )
    if reasons:
        return ImageFormatError(f"no file system of the image can be read: {'; '.join(reasons)}")
    return ImageFormatError(
        f"no ISO 9660 volume descriptor at sector {session_start + 16} and no UDF anchor: this is no data disc"
    )


__all__ = ("Detected", "detect")
