"""``virtual:`` URLs: which disc, and what the drive around it is like."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable
from typing import Final
from urllib.parse import unquote

import attrs

from aioimapi.errors import UnknownUrlError, VirtualMediumError
from aioimapi.virtual._curves import Curve
from aioimapi.virtual._drive import Identity
from aioimapi.virtual._faults import Fault, FaultScript
from aioimapi.virtual._physics import Physics
from aioimapi.virtual._quirks import Quirk, quirks_of
from aioimapi.virtual._target import CommandLog, VirtualTarget
from aioimapi.virtual._wear import Wear
from aioimapi.virtual.discs._cd_traits import CD_SECTORS
from aioimapi.virtual.discs._kinds import MediumKind, media_kind
from aioimapi.virtual.files._medium import VirtualMedium

SCHEME: Final = "virtual:"


@attrs.frozen
class VirtualOptions:
    """What a ``virtual:`` URL says.

    Attributes:
        path: The medium file; empty for a drive without a disc.
        media: The kind of disc to make where there is none, and to insist on where there is one.
        sectors: Size of the disc to make; None for the real size.
        formatted: Make a rewritable disc formatted.
        readonly: Write-protected; the files are opened for reading only.
        tray_open: Begin with the tray out.
        attention: Begin with a unit attention.
        identity: Vendor, product, revision, serial.
        physics: How long things take.
        time_scale: Factor from the drive's seconds to real ones: 0 never waits, 0.1 is ten times as fast.
        faults: What goes wrong.
        quirks: What the drive does otherwise than the standard has it.
        wear: What the disc has gone through.
    """

    path: str = ""
    media: MediumKind | None = None
    sectors: int | None = None
    formatted: bool = False
    readonly: bool = False
    tray_open: bool = False
    attention: bool = True
    identity: Identity = attrs.field(factory=Identity)
    physics: Physics = attrs.field(factory=Physics)
    time_scale: float = 1.0
    faults: tuple[Fault, ...] = ()
    quirks: frozenset[Quirk] = frozenset()
    wear: Wear = attrs.field(factory=Wear)


def parse_virtual_url(url: str) -> VirtualOptions:
    """Decode ``virtual:FILE?media=KIND&...``; see ``docs/virtual-medium.md`` for all options.

    A ``?``, ``&`` or ``%`` in the file's name is written ``%3F``, ``%26``, ``%25``.

    Raises:
        UnknownUrlError: Another scheme.
        VirtualMediumError: An option is unknown, given twice, or has an impossible value.
    """
    if not url.startswith(SCHEME):
        raise UnknownUrlError(
            f"{url} is not a virtual drive; those are written virtual:FILE?media=KIND", drive=url
        )
    path, _, query = url.removeprefix(SCHEME).partition("?")
    options = VirtualOptions(path=unquote(path))
    seen: set[str] = set()
    # What physics=real sets comes first, so that other options can change it, wherever they stand.
    for item in sorted(filter(None, query.split("&")), key=lambda item: not item.startswith("physics=")):
        name, _, raw = item.partition("=")
        take = _OPTIONS.get(name)
        if take is None or (name in seen and name not in _REPEATED):
            problem = "is given twice" if take else f"is unknown; there are {', '.join(sorted(_OPTIONS))}"
            raise VirtualMediumError(f"{url}: the option {name!r} {problem}")
        seen.add(name)
        try:
            options = take(options, unquote(raw))
        except ValueError as error:
            raise VirtualMediumError(f"{url}: {name}={unquote(raw)}: {error}") from None
    return options


def open_virtual_target(options: VirtualOptions | str, *, log: CommandLog | None = None) -> VirtualTarget:
    """Open the disc that the options name, made blank first where it is not there, and put it in a drive.

    Raises:
        VirtualMediumError: No such disc and no ``media``, another kind than ``media``, or damaged files.
        DriveBusyError: The disc is in another virtual drive.
        DriveAccessError: No rights to the files.
    """
    if isinstance(options, str):
        options = parse_virtual_url(options)
    return VirtualTarget(
        _medium(options) if options.path else None,
        FaultScript(options.faults),
        physics=options.physics,
        identity=_identity(options),
        tray_open=options.tray_open,
        attention=options.attention,
        quirks=options.quirks,
        wear=options.wear,
        log=log,
    )


def _identity(options: VirtualOptions) -> Identity:
    """Return who the drive is, with a serial number of its own: hosts that see many drives tell them apart by it."""
    if not options.path or options.identity.serial != Identity().serial:
        return options.identity
    number = zlib.crc32(os.fsencode(os.path.abspath(options.path)))
    return attrs.evolve(options.identity, serial=f"VIRTUAL{number:08X}")


def _medium(options: VirtualOptions) -> VirtualMedium:
    path = options.path
    if options.media is not None and not options.readonly and not _is_there(path):
        return VirtualMedium.create(path, options.media, sectors=options.sectors, formatted=options.formatted)
    medium = VirtualMedium.open(path, readonly=options.readonly)
    kind, size = medium.state.kind, medium.state.raw_sectors
    if options.media not in (None, kind) or options.sectors not in (None, size):
        medium.close()
        asked = []
        if options.media is not None and options.media is not kind:
            asked.append(f"media={options.media.value}")
        if options.sectors not in (None, size):
            asked.append(f"sectors={options.sectors}")
        raise VirtualMediumError(
            f"{path} is a {kind.value} of {size:,} sectors, and {' and '.join(asked)} was asked for;"
            " leave that out to take it as it is, or choose another file"
        )
    return medium


def _is_there(path: str) -> bool:
    """Whether there is a disc, or anything else that must not be overwritten."""
    return os.path.exists(path + ".state") or (os.path.exists(path) and os.path.getsize(path) > 0)


# --- options ------------------------------------------------------------------------------------------


def _flag(text: str) -> bool:
    if text.lower() in ("", "1", "yes", "on", "true"):
        return True
    if text.lower() in ("0", "no", "off", "false"):
        return False
    raise ValueError("say yes or no")


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise ValueError("a whole number is needed")
    return int(text)


def _seconds(text: str) -> float:
    value = _number(text)
    if not 0 <= value < 1e6:
        raise ValueError("0 to 1,000,000 is needed")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError("a number is needed") from None


def _ascii(size: int) -> Callable[[str], str]:
    def take(text: str) -> str:
        if not text.isascii() or not text.isprintable() or not 0 < len(text) <= size:
            raise ValueError(f"1 to {size} ASCII characters are needed")
        return text

    return take


def _physics(options: VirtualOptions, text: str) -> VirtualOptions:
    if text.lower() in ("off", "0"):
        return attrs.evolve(options, physics=attrs.evolve(options.physics, enabled=False))
    if text.lower() == "real":
        return attrs.evolve(options, physics=options.physics.realistic())
    speed = None if text.lower() in ("", "on") else _number(text.lower().removesuffix("x"))
    return attrs.evolve(options, physics=attrs.evolve(options.physics, enabled=True, speed_x=speed))


def _minutes(options: VirtualOptions, text: str) -> VirtualOptions:
    """Set the size of a CD by the minutes that it is sold with."""
    if text not in map(str, CD_SECTORS):
        raise ValueError(f"there are CDs of {', '.join(map(str, CD_SECTORS))} minutes")
    return attrs.evolve(options, sectors=CD_SECTORS[int(text)])


def _fault(options: VirtualOptions, text: str) -> VirtualOptions:
    return attrs.evolve(options, faults=(*options.faults, Fault.parse(text)))


def _quirk(options: VirtualOptions, text: str) -> VirtualOptions:
    return attrs.evolve(options, quirks=options.quirks | quirks_of(text.split(",")))


def _wear(options: VirtualOptions, text: str) -> VirtualOptions:
    return attrs.evolve(options, wear=Wear.parse(text, options.wear))


def _curve(text: str) -> Curve:
    try:
        return Curve(text.lower())
    except ValueError:
        raise ValueError(f"choose one of {', '.join(curve.value for curve in Curve)}") from None


def _set(name: str, take: Callable[[str], object]) -> Callable[[VirtualOptions, str], VirtualOptions]:
    def change(options: VirtualOptions, text: str) -> VirtualOptions:
        return attrs.evolve(options, **{name: take(text)})  # type: ignore[arg-type]

    return change


def _set_in(
    part: str, name: str, take: Callable[[str], object]
) -> Callable[[VirtualOptions, str], VirtualOptions]:
    def change(options: VirtualOptions, text: str) -> VirtualOptions:
        inner = attrs.evolve(getattr(options, part), **{name: take(text)})
        return attrs.evolve(options, **{part: inner})

    return change


_OPTIONS: Final[dict[str, Callable[[VirtualOptions, str], VirtualOptions]]] = {
    "media": _set("media", media_kind),
    "sectors": _set("sectors", _count),
    "minutes": _minutes,
    "formatted": _set("formatted", _flag),
    "readonly": _set("readonly", _flag),
    "tray_open": _set("tray_open", _flag),
    "attention": _set("attention", _flag),
    "time_scale": _set("time_scale", _seconds),
    "vendor": _set_in("identity", "vendor", _ascii(8)),
    "product": _set_in("identity", "product", _ascii(16)),
    "revision": _set_in("identity", "revision", _ascii(4)),
    "serial": _set_in("identity", "serial", _ascii(20)),
    "physics": _physics,
    "buffer_kib": _set_in("physics", "buffer_kib", _count),
    "when_full": _set_in("physics", "when_full", str),
    "sync_s": _set_in("physics", "sync_s", _seconds),
    "close_s": _set_in("physics", "close_s", _seconds),
    "finalize_s": _set_in("physics", "finalize_s", _seconds),
    "format_s": _set_in("physics", "format_s", _seconds),
    "load_s": _set_in("physics", "load_s", _seconds),
    "opc_s": _set_in("physics", "opc_s", _seconds),
    "spin_up_s": _set_in("physics", "spin_up_s", _seconds),
    "idle_s": _set_in("physics", "idle_s", _seconds),
    "seek_s": _set_in("physics", "seek_s", _seconds),
    "layer_s": _set_in("physics", "layer_s", _seconds),
    "curve": _set_in("physics", "curve", _curve),
    "underrun": _set_in("physics", "underrun", str),
    "verifying": _set_in("physics", "verifying", _flag),
    "quirk": _quirk,
    "wear": _wear,
    "fault": _fault,
}

_REPEATED: Final = frozenset({"fault", "quirk", "wear"})
"""Options that may be given several times."""
