"""How long a volume says that it is, without opening its tree: to find files that are cut short."""

from __future__ import annotations

import attrs

from aioimapi.fs.read._base import READ_FAULTS, SECTOR, ImageContext, Parser
from aioimapi.fs.read._iso_volume import read_descriptors
from aioimapi.fs.read._udf_volume import find_anchor


@attrs.frozen
class VolumeSize:
    """What an image says of itself.

    Attributes:
        kind: ``ISO 9660`` or ``UDF``, or an empty string where neither is there.
        sectors: How many sectors it should have, or None where it does not say.
    """

    kind: str = ""
    sectors: int | None = None


def measure(context: ImageContext) -> Parser[VolumeSize]:
    """Find out how many sectors an image should have.

    ISO 9660's volume space size counts (ECMA-119 8.4.8). UDF has no such number: its partition may be as long as the
    disc that an image is meant for.

    Args:
        context: What is known of the image.
    """
    descriptors = yield from read_descriptors(context)
    iso = descriptors.primary or descriptors.enhanced or descriptors.joliet
    if iso is not None:
        return VolumeSize("ISO 9660", iso.block_count * iso.block_size // SECTOR or None)
    if descriptors.nsr:
        return VolumeSize("UDF")
    try:
        anchor = yield from find_anchor(context, thorough=True)
    except READ_FAULTS:  # an anchor of a volume with other blocks
        return VolumeSize("UDF")
    return VolumeSize("UDF" if anchor is not None else "")


__all__ = ("VolumeSize", "measure")
