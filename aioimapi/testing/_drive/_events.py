"""Events, locks and the tray: GET EVENT STATUS NOTIFICATION, PREVENT ALLOW, START STOP UNIT (MMC-6 6.6, 6.16, 6.42)."""

from __future__ import annotations

from typing import Final

from aioimapi.mmc import (
    EventClass,
    EventStatus,
    GetConfiguration,
    GetEventStatusNotification,
    Inquiry,
    MediaEvent,
    PreventAllowMediumRemoval,
    Profile,
    RequestSense,
    StartStopUnit,
    TestUnitReady,
)
from aioimapi.testing._drive._probe import Check, NotApplicableError, Probe

_EVENTS: Final = "MMC-6 6.6"
_TRAY: Final = "MMC-6 6.42"
_NO_DISC: Final = (2, 0x3A)
_LOCKED: Final = ((5, 0x53, 0), (5, 0x53, 2))
_SUPPORTED: Final = 0x7E


async def _media(p: Probe) -> EventStatus | None:
    data = await p.optional(GetEventStatusNotification(1 << EventClass.MEDIA))
    return None if data is None or len(data) < 8 else EventStatus.parse(data)


async def event_status(p: Probe) -> None:
    """Each class answers as itself, no class is no error, and the media status is true."""
    command = GetEventStatusNotification(0)
    answer = await p.send(command)
    if not p.expect(
        answer.good, "GET EVENT STATUS NOTIFICATION is mandatory and was refused", _EVENTS, answer
    ):
        return
    if not p.expect(len(answer.data) >= 4, f"an answer of {len(answer.data)} bytes", _EVENTS, answer):
        return
    supported = answer.data[3] & _SUPPORTED
    p.expect(
        answer.data[2] & 0x80,
        "asked for no class, the drive does not say 'no event available'",
        _EVENTS,
        answer,
    )
    p.expect(supported & 1 << EventClass.MEDIA, "the drive has no media events", _EVENTS, answer)
    for event in EventClass:
        data = await p.good(GetEventStatusNotification(1 << event), _EVENTS)
        if data is None or len(data) < 4:
            continue
        if supported & 1 << event:
            p.expect(
                data[2] & 0x87 == event and len(data) == 8,
                f"asked for class {event}, bytes 2 and 3 are {data[2:4].hex(' ')} of {len(data)}",
                _EVENTS,
            )
        else:
            p.expect(data[2] & 0x80, f"class {event} is not supported and was answered", _EVENTS)
        p.expect(data[3] & _SUPPORTED == supported, "the supported classes change with the question", _EVENTS)
    await p.refused(
        wrong_polled(), "GET EVENT STATUS NOTIFICATION that is to wait (Polled 0)", at=(1,), clause=_EVENTS
    )
    ready = (await p.send(TestUnitReady())).good
    told = await _media(p)
    if told is not None:
        p.expect(
            bool(told.media_present) is ready,
            f"media present is {int(bool(told.media_present))} and TEST UNIT READY says {'ready' if ready else 'not'}",
            _EVENTS,
        )
        again = await _media(p)
        if again is not None and again.event == told.event != MediaEvent.NO_CHANGE:
            p.deviation("a media event is told twice", clause=_EVENTS)


def wrong_polled() -> GetEventStatusNotification:
    """Return the command without its Polled bit: asynchronous, which drives need not have."""
    return GetEventStatusNotification(1 << EventClass.MEDIA, polled=False)


async def prevent_allow(p: Probe) -> None:
    """Locking and unlocking are done, with a disc and without."""
    for prevent in (True, True, False, False):
        answer = await p.send(PreventAllowMediumRemoval(prevent))
        if not p.expect(answer.good, "PREVENT ALLOW MEDIUM REMOVAL was refused", "MMC-6 6.16", answer):
            break
    await p.send(PreventAllowMediumRemoval(False))


async def tray(p: Probe) -> None:
    """Lock, try to eject, unlock, eject, load: what a person and a host see."""
    if not await p.has_disc():
        raise NotApplicableError("no disc in the drive")
    before = await p.profile()
    await p.send(PreventAllowMediumRemoval(True))
    eject = StartStopUnit(start=False, load_eject=True)
    await p.refused(eject, "ejecting while removal is prevented", codes=_LOCKED, clause=_TRAY)
    await p.send(PreventAllowMediumRemoval(False))
    while (told := await _media(p)) is not None and told.event != MediaEvent.NO_CHANGE:
        pass
    if await p.good(eject, _TRAY) is None:
        return
    answer = await p.send(TestUnitReady())
    p.expect(
        answer.triple is not None and answer.triple[:2] == _NO_DISC,
        f"with the tray open TEST UNIT READY says {answer.describe()}",
        "MMC-6 annex F",
        answer,
    )
    p.expect(await p.profile() == Profile.NONE, "with the tray open there is a current profile", "MMC-6 6.5")
    told = await _media(p)
    if told is not None:
        p.expect(not told.media_present, "with the tray open a disc is told to be present", _EVENTS)
        if told.event != MediaEvent.MEDIA_REMOVAL:
            p.deviation(f"ejecting made no media removal event, but {told.event}", clause=_EVENTS)
    if await p.good(StartStopUnit(start=True, load_eject=True), _TRAY) is None:
        raise NotApplicableError("the tray cannot be closed by command; close it by hand")
    await _after_loading(p, before)


async def _after_loading(p: Probe, before: Profile) -> None:
    """One unit attention tells of the disc, to the first command that has to tell it."""
    for command in (Inquiry(36), GetConfiguration(allocation_length=8)):
        answer = await p.once(command)
        p.expect(
            answer.good, f"{command.name} was kept from its work by a unit attention", "MMC-6 4.1.6.1", answer
        )
    p.attentions.clear()
    await p.send(TestUnitReady())
    if (6, 0x28, 0) not in p.attentions:
        p.deviation(
            f"after loading no unit attention 6/28/00 came, but {p.attentions}; an operating system's driver may have "
            "taken it",
            clause="MMC-6 4.1.6.1",
        )
    p.attentions.clear()
    await p.send(TestUnitReady())
    p.expect(not p.attentions, f"unit attentions come again: {p.attentions}", "SAM-5 5.14")
    told = await _media(p)
    if told is not None:
        p.expect(told.media_present, "after loading no disc is told to be present", _EVENTS)
        if told.event != MediaEvent.NEW_MEDIA:
            p.deviation(f"loading made no new media event, but {told.event}", clause=_EVENTS)
    p.expect(await p.profile() == before, "after loading the current profile is another", "MMC-6 6.5")
    p.expect((await p.once(RequestSense())).good, "REQUEST SENSE was refused after loading", "SPC-4 6.39")


CHECKS = (
    Check("event-status", "GET EVENT STATUS NOTIFICATION", event_status),
    Check("prevent-allow", "PREVENT ALLOW MEDIUM REMOVAL", prevent_allow),
)
TRAY_CHECKS = (Check("tray", "eject, load, unit attention, media events", tray),)
