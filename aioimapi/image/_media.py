"""What an image has room on: kinds of media, discs in drives, and sectors told by hand.

The numbers are those of blank discs as drives tell them (READ TRACK INFORMATION, READ FORMAT CAPACITIES); makers differ
by a few sectors, so that the disc itself has the last word when it is burned.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Protocol

import attrs

from aioimapi.errors import ImageError
from aioimapi.units import FRAMES_PER_SECOND

if TYPE_CHECKING:
    from aioimapi.mmc import Profile, ProfileTraits

_CD_POSTGAP: Final = 2 * FRAMES_PER_SECOND
_CD_LEAST: Final = 4 * FRAMES_PER_SECOND


class FreeMedium(Protocol):
    """What is asked of a disc in a drive; :class:`aioimapi.drive.MediaState` has it."""

    @property
    def profile(self) -> Profile:
        """The kind of disc."""

    @property
    def free_sectors(self) -> int:
        """How many sectors the next write can take."""


@attrs.frozen
class Medium:
    """A kind of disc that an image can be made for.

    Attributes:
        name: Its name as the command line has it: ``bd-re-dl``.
        title: Its name for people: ``BD-RE DL``.
        family: ``CD``, ``DVD`` or ``BD``.
        erasable: Whether it can be written again.
        sectors: User sectors of a new disc as it is burned here.
        plain_sectors: The same without spare areas.
        spared_sectors: The same with the spare areas that formatting sets aside by default; ``plain_sectors`` where
            there are none.
    """

    name: str
    title: str
    family: str
    erasable: bool
    sectors: int
    plain_sectors: int
    spared_sectors: int

    def sectors_needed(self, sectors: int) -> int:
        """Return what an image of so many sectors takes of the disc, with the zeros that follow it on CD."""
        return sectors_needed(self.family, sectors)


def sectors_needed(family: str, sectors: int) -> int:
    """Return what an image takes of a disc: on CD with a postgap, and no track is shorter than four seconds."""
    return max(sectors + _CD_POSTGAP, _CD_LEAST) if family == "CD" else sectors


def _media() -> dict[str, Medium]:
    cd, dvd_minus, dvd_plus = 359_849, 2_297_888, 2_295_104
    kinds = [
        Medium("cd-r", "CD-R", "CD", False, cd, cd, cd),
        Medium("cd-rw", "CD-RW", "CD", True, cd, cd, cd),
        Medium("dvd-r", "DVD-R", "DVD", False, dvd_minus, dvd_minus, dvd_minus),
        Medium("dvd-rw", "DVD-RW", "DVD", True, dvd_minus, dvd_minus, dvd_minus),
        Medium("dvd-r-dl", "DVD-R DL", "DVD", False, 4_171_712, 4_171_712, 4_171_712),
        Medium("dvd-ram", "DVD-RAM", "DVD", True, 2_236_704, 2_295_072, 2_236_704),
        Medium("dvd+r", "DVD+R", "DVD", False, dvd_plus, dvd_plus, dvd_plus),
        Medium("dvd+rw", "DVD+RW", "DVD", True, dvd_plus, dvd_plus, dvd_plus),
        Medium("dvd+r-dl", "DVD+R DL", "DVD", False, 4_173_824, 4_173_824, 4_173_824),
    ]
    layers = (
        ("", 12_219_392, 11_826_176),
        ("-dl", 24_438_784, 23_652_352),
        ("-tl", 48_878_592, 47_305_728),
        ("-ql", 62_500_864, 60_403_712),
    )
    for suffix, plain, spared in layers:
        title = suffix.replace("-", " ").upper()
        kinds.append(Medium(f"bd-r{suffix}", f"BD-R{title}", "BD", False, plain, plain, spared))
        if suffix != "-ql":  # no rewritable disc of four layers exists
            kinds.append(Medium(f"bd-re{suffix}", f"BD-RE{title}", "BD", True, spared, plain, spared))
    return {kind.name: kind for kind in kinds}


MEDIA: Final[Mapping[str, Medium]] = _media()
"""The kinds of media by name."""


def medium(name: str) -> Medium:
    """Return the kind of medium of a name, whatever its case.

    Raises:
        ImageError: There is no such kind.
    """
    found = MEDIA.get(name.lower())
    if found is None:
        raise ImageError(
            f"{name!r} is no kind of medium that an image is made for: choose of {', '.join(MEDIA)}"
        )
    return found


Capacity = int | str | Medium | FreeMedium
"""Sectors, the name of a kind of medium, a kind, or the state of a disc in a drive."""


@attrs.frozen
class Room:
    """How much an image may take.

    Attributes:
        name: What it is for people; empty for sectors told by hand.
        family: ``CD``, ``DVD``, ``BD``, or empty.
        sectors: Free sectors.
    """

    name: str
    family: str
    sectors: int

    def sectors_needed(self, sectors: int) -> int:
        """Return what an image of so many sectors takes of it."""
        return sectors_needed(self.family, sectors)


def room_of(capacity: Capacity) -> Room:
    """Return the room that a capacity stands for.

    Raises:
        ImageError: No such kind of medium, or less than one sector.
    """
    if isinstance(capacity, str):
        capacity = medium(capacity)
    if isinstance(capacity, Medium):
        return Room(capacity.title, capacity.family, capacity.sectors)
    if isinstance(capacity, int):
        if capacity < 1:
            raise ImageError(
                f"a capacity of {capacity} sectors holds no image; take 1 or more, or None for no limit"
            )
        return Room("", "", capacity)
    traits = _traits_of(capacity)
    return Room(f"the {traits.name} in the drive", traits.family, capacity.free_sectors)


def _traits_of(disc: FreeMedium) -> ProfileTraits:
    from aioimapi.mmc import traits_of  # who makes an image for no drive needs none of the commands

    return traits_of(disc.profile)


def defaults_for(target: str | Medium | FreeMedium) -> tuple[bool, str]:
    """Return whether ISO 9660 with Joliet and Rock Ridge goes onto a medium beside UDF, and which revision of UDF.

    Raises:
        ImageError: No such kind of medium, or the disc in the drive is none that can be written.
    """
    if isinstance(target, str):
        target = medium(target)
    if isinstance(target, Medium):
        family, erasable = target.family, target.erasable
    else:
        traits = _traits_of(target)
        family, erasable = traits.family, traits.erasable
        if not family:
            raise ImageError(f"no file systems are known for {traits.name}; choose them (file_systems=...)")
    if family == "BD":
        return False, "2.50"
    return not (family == "DVD" and erasable), "1.02"
