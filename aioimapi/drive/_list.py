"""Finding drives, and asking each what it is, without taking it from anybody."""

from __future__ import annotations

from collections.abc import Iterable

import anyio
import attrs

from aioimapi.drive._drive import Drive
from aioimapi.drive._media import MediaState
from aioimapi.drive._ready import Readiness, ReadyState
from aioimapi.errors import IllegalRequestError, ImapiError
from aioimapi.mmc import Profile, Writing, traits_of
from aioimapi.transport import TargetDescription, list_targets, open_transport

LIST_PATIENCE_S = 2.0
"""How long one drive may keep a list waiting with 2/04/xx; one that is burning does so for minutes."""

_WITH_DISC = frozenset({ReadyState.READY, ReadyState.UNFORMATTED})


@attrs.frozen
class DriveDescription:
    """A drive as :func:`list_drives` found it.

    Attributes:
        name: What to hand to :func:`open_drive`.
        block_node: Its block device, or None where there is none.
        generic_node: Its SCSI generic device, or None.
        vendor: From the drive, or what the operating system remembers of it.
        product: As ``vendor``.
        revision: As ``vendor``.
        serial: Serial number, or an empty string.
        reads: Kinds of disc that the drive only reads.
        writes: Kinds of disc that it writes.
        readiness: Whether a disc is in and ready, or None where the drive could not be asked.
        media: The disc that is in, or None.
        problem: Why the drive, or the disc in it, could not be asked: a sentence with the way out, else
            empty.
    """

    name: str
    block_node: str | None = None
    generic_node: str | None = None
    vendor: str = ""
    product: str = ""
    revision: str = ""
    serial: str = ""
    reads: tuple[Profile, ...] = ()
    writes: tuple[Profile, ...] = ()
    readiness: Readiness | None = None
    media: MediaState | None = None
    problem: str = ""

    @property
    def model(self) -> str:
        """Vendor, product and revision as one line."""
        return " ".join(part for part in (self.vendor, self.product, self.revision) if part)


async def list_drives(targets: Iterable[str] = ()) -> list[DriveDescription]:
    """Describe the drives of this system, and others by name. All are asked at the same time.

    No drive is opened exclusively, and nothing is changed. One that cannot be asked (no rights, in use) is in
    the list with the reason.

    Args:
        targets: Further drives: device nodes or URLs, such as ``virtual:FILE``.

    Returns:
        The system's drives by number, then the others in their order.

    Cancellation:
        Nothing is changed; may be repeated.
    """
    known = [*list_targets()]
    paths = {path for target in known for path in (target.name, target.generic_node)}
    known += [TargetDescription(name, None, None) for name in targets if name not in paths]
    found: dict[int, DriveDescription] = {}

    async def describe(number: int, target: TargetDescription) -> None:
        found[number] = await _describe(target)

    async with anyio.create_task_group() as group:
        for number, target in enumerate(known):
            group.start_soon(describe, number, target, name=f"describe {target.name}")
    return [found[number] for number in range(len(known))]


async def _describe(target: TargetDescription) -> DriveDescription:
    description = DriveDescription(
        name=target.name,
        block_node=target.block_node,
        generic_node=target.generic_node,
        vendor=target.vendor,
        product=target.product,
        revision=target.revision,
    )
    try:
        drive = Drive(await open_transport(target.name, exclusive=False), patience_s=LIST_PATIENCE_S)
    except ImapiError as error:
        return attrs.evolve(description, problem=str(error))
    try:
        description = await _identify(drive, description)
        return await _look(drive, description)
    except ImapiError as error:
        return attrs.evolve(description, problem=str(error))
    finally:
        await drive.aclose()


async def _identify(drive: Drive, description: DriveDescription) -> DriveDescription:
    inquiry = await drive.inquiry()
    try:
        profiles = (await drive.features()).profiles
    except IllegalRequestError:
        profiles = ()
    writes = tuple(profile for profile in profiles if traits_of(profile).writing is not Writing.NEVER)
    return attrs.evolve(
        description,
        vendor=inquiry.vendor,
        product=inquiry.product,
        revision=inquiry.revision,
        serial=await drive.serial_number(),
        reads=tuple(profile for profile in profiles if profile not in writes),
        writes=writes,
    )


async def _look(drive: Drive, description: DriveDescription) -> DriveDescription:
    description = attrs.evolve(description, readiness=await drive.readiness())
    if description.readiness is None or description.readiness.state not in _WITH_DISC:
        return description
    try:
        return attrs.evolve(description, media=await drive.media_state(look_inside=False))
    except ImapiError as error:
        return attrs.evolve(description, problem=str(error))
