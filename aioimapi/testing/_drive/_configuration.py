"""GET CONFIGURATION: its form, the profile, and the features that the profile makes mandatory (MMC-6 5, 6.5)."""

from __future__ import annotations

from typing import Final

from aioimapi.mmc import (
    FEATURE_NAMES,
    DiscStatus,
    FeatureSet,
    GetConfiguration,
    ModeSense10,
    Profile,
    RequestedType,
    TestUnitReady,
    traits_of,
)
from aioimapi.testing._drive._probe import Check, Probe, wrong

_CLAUSE: Final = "MMC-6 6.5"
_FEATURES: Final = "MMC-6 5.3"
_ALWAYS: Final = (0x0000, 0x0001, 0x0002, 0x0003, 0x0100, 0x0105)
"""Profile list, core, morphing, removable medium, power management, timeout: every profile has them (MMC-6 5.4)."""

_READING: Final = {"CD": (0x0010, 0x001E), "DVD": (0x0010, 0x001F), "BD": (0x0010, 0x0040)}
"""What reading a disc that holds something needs, by family (MMC-6 5.4)."""

_WRITING: Final[dict[Profile, tuple[int, ...]]] = {
    Profile.CD_R: (0x002D,),
    Profile.CD_RW: (0x002D,),
    Profile.DVD_R_SEQUENTIAL: (0x0021, 0x002F),
    Profile.DVD_R_DL_SEQUENTIAL: (0x0021, 0x002F),
    Profile.DVD_R_DL_LAYER_JUMP: (0x002F, 0x0033),
    Profile.DVD_RAM: (0x0020,),
    Profile.DVD_RW_RESTRICTED_OVERWRITE: (0x0026,),
    Profile.DVD_RW_SEQUENTIAL: (0x0021, 0x002F),
    Profile.DVD_PLUS_RW: (0x002A,),
    Profile.DVD_PLUS_R: (0x002B,),
    Profile.DVD_PLUS_R_DL: (0x003B,),
    Profile.BD_R_SEQUENTIAL: (0x0021, 0x0041),
    Profile.BD_R_RANDOM: (0x0041,),
    Profile.BD_RE: (0x0020, 0x0041),
}
"""What writing needs on a disc that can still be written (MMC-6 5.4)."""

_DATA_LENGTH_ALL: Final = 0xFFF8


async def _ask(p: Probe, type_: RequestedType, first: int = 0) -> FeatureSet | None:
    length = min(_DATA_LENGTH_ALL, p.transport.max_transfer_bytes)
    data = await p.good(GetConfiguration(type_, first, length), _CLAUSE)
    if data is None or not p.expect(
        len(data) >= 8, f"{len(data)} bytes of configuration; 8 are the header", _CLAUSE
    ):
        return None
    whole = min(FeatureSet.total_length(data), length)
    return FeatureSet.parse(p.measure(data, whole, "GET CONFIGURATION", _CLAUSE))


async def form(p: Probe) -> None:
    """Look at the list of all features."""
    listed = await _ask(p, RequestedType.ALL)
    if listed is None:
        return
    numbers = [feature.feature_number for feature in listed.features]
    if numbers != sorted(set(numbers)):
        p.fault(
            f"features are not in ascending order, or twice: {[f'{n:04X}h' for n in numbers]}",
            clause=_FEATURES,
        )
    missing = [f"{n:04X}h {FEATURE_NAMES[n]}" for n in _ALWAYS if n not in numbers]
    if missing:
        p.deviation(f"features that every drive has are missing: {', '.join(missing)}", clause="MMC-6 5.4")
    for feature in listed.features:
        if feature.persistent and not feature.current:
            p.deviation(f"{feature.name} is persistent and not current", clause="MMC-6 5.2.3")
        size = len(feature.to_bytes()) - 4
        if size % 4:
            p.fault(
                f"{feature.name} has {size} bytes of its own, which is no multiple of 4", clause="MMC-6 5.2.3"
            )


async def requests(p: Probe) -> None:
    """Ask for all features, for current ones, for one, and from a number on: the answers fit each other."""
    every = await _ask(p, RequestedType.ALL)
    current = await _ask(p, RequestedType.CURRENT)
    if every is None or current is None:
        return
    wanted = {feature.feature_number for feature in every.features if feature.current}
    found = {feature.feature_number for feature in current.features}
    p.expect(
        wanted == found,
        f"RT=01b lists {sorted(found)} where RT=00b marks {sorted(wanted)} as current",
        _CLAUSE,
    )
    middle = every.features[len(every.features) // 2].feature_number if every.features else 0
    later = await _ask(p, RequestedType.ALL, middle)
    if later is not None:
        p.expect(
            [f.feature_number for f in later.features]
            == [f.feature_number for f in every.features if f.feature_number >= middle],
            f"starting with feature {middle:04X}h other features came than the whole list has from there on",
            _CLAUSE,
        )
    for feature in every.features:
        one = await _ask(p, RequestedType.ONE, feature.feature_number)
        if one is not None:
            p.expect(
                one.features == (feature,),
                f"RT=10b for {feature.feature_number:04X}h differs from the whole list",
                _CLAUSE,
            )
    absent = next(n for n in range(0xFEFF, 0, -1) if all(f.feature_number != n for f in every.features))
    none = await _ask(p, RequestedType.ONE, absent)
    if none is not None:
        p.expect(
            not none.features, f"RT=10b for {absent:04X}h, which the drive lacks, brought a feature", _CLAUSE
        )
    command = wrong(GetConfiguration(RequestedType.ONE, allocation_length=8), (1, 0x03))
    await p.refused(command, "GET CONFIGURATION with the reserved RT=11b", at=(1,), clause=_CLAUSE)


async def profile(p: Probe) -> None:
    """The current profile, the profile list, the disc in it, and its mandatory features say the same."""
    listed = await _ask(p, RequestedType.ALL)
    if listed is None:
        return
    current = listed.current_profile
    if current not in (Profile.NONE, Profile.NON_CONFORMING):
        p.expect(
            current in listed.profiles,
            f"{traits_of(current).name} is current and not in the profile list",
            "MMC-6 5.3.1",
        )
    ready = await p.send(TestUnitReady())
    if ready.good:
        p.expect(current != Profile.NONE, "a disc is in, and the current profile is 0000h", _CLAUSE)
    elif ready.triple is not None and ready.triple[1] == 0x3A:
        p.expect(
            current == Profile.NONE,
            f"no disc is in, and the current profile is {traits_of(current).name}",
            _CLAUSE,
        )
    marked = [profile for profile, is_current in _profile_entries(listed) if is_current]
    if current not in marked and current != Profile.NONE:
        p.fault(f"the profile list does not mark {traits_of(current).name} as current", clause="MMC-6 5.3.1")
    if not await p.has_disc():
        return
    disc = await p.need_disc()
    wanted: tuple[int, ...] = ()
    if disc.disc_status is not DiscStatus.BLANK and traits_of(current).family in _READING:
        wanted += _READING[traits_of(current).family]
    if disc.disc_status is not DiscStatus.COMPLETE and not await _write_protected(p):
        wanted += _WRITING.get(current, ())
    now = {feature.feature_number for feature in listed.features if feature.current}
    missing = [f"{n:04X}h {FEATURE_NAMES[n]}" for n in wanted if n not in now]
    p.expect(
        not missing,
        f"with {traits_of(current).name} these features are not current: {', '.join(missing)}",
        "MMC-6 5.4",
    )


async def _write_protected(p: Probe) -> bool:
    """Whether the medium is protected, as the header of the mode pages tells."""
    data = await p.optional(ModeSense10(0x01, 8))
    return data is not None and len(data) >= 4 and bool(data[3] & 0x80)


def _profile_entries(listed: FeatureSet) -> list[tuple[int, bool]]:
    """Return number and current bit of each entry of the profile list."""
    first = next((feature for feature in listed.features if feature.feature_number == 0), None)
    body = b"" if first is None else first.to_bytes()[4:]
    return [
        (int.from_bytes(body[at : at + 2], "big"), bool(body[at + 2] & 1))
        for at in range(0, len(body) - 3, 4)
    ]


CHECKS = (
    Check("configuration", "GET CONFIGURATION: the list of features", form),
    Check("configuration-requests", "GET CONFIGURATION: all, current, one, from a number on", requests),
    Check("profile", "the current profile and its mandatory features", profile),
)
