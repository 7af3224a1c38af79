"""The revisions of UDF that an image can have, and what each of them brings (OSTA UDF 1.02 to 2.60)."""

from __future__ import annotations

from typing import Final

import attrs


@attrs.frozen
class UdfRevision:
    """A revision of OSTA's Universal Disk Format.

    Attributes:
        name: As people write it: ``2.50``.
        code: As discs have it, in binary-coded decimal: 0x0250.
    """

    name: str
    code: int

    @property
    def descriptor_version(self) -> int:
        """Version of every descriptor tag: 2 for ECMA-167's second edition, 3 for its third (3/7.2.2)."""
        return 3 if self.code >= 0x0200 else 2

    @property
    def extended_entries(self) -> bool:
        """Whether files have extended file entries (ECMA-167 4/14.17, third edition)."""
        return self.code >= 0x0200

    @property
    def named_streams(self) -> bool:
        """Whether a file can have named streams (OSTA UDF 2.00 3.3.5)."""
        return self.code >= 0x0200

    @property
    def real_time_files(self) -> bool:
        """Whether a file can be of type 249, a real-time file (OSTA UDF 2.01 2.3.5.2)."""
        return self.code >= 0x0201

    @property
    def metadata_partition(self) -> bool:
        """Whether file entries and directories lie in a metadata partition (OSTA UDF 2.50 2.2.10)."""
        return self.code >= 0x0250

    @property
    def minimum_read(self) -> int:
        """The oldest revision that a reader must know: at most 2.50, for 2.60 as well (OSTA UDF 2.60 part 2)."""
        return min(self.code, 0x0250)

    @property
    def partition_start(self) -> int:
        """The partition's first sector.

        Behind the anchor; where metadata must begin on a border of 64 KiB within the partition, the partition
        begins on one, too.
        """
        return 288 if self.metadata_partition else 257


UDF_REVISIONS: Final = {
    revision.name: revision
    for revision in (
        UdfRevision("1.02", 0x0102),
        UdfRevision("1.50", 0x0150),
        UdfRevision("2.00", 0x0200),
        UdfRevision("2.01", 0x0201),
        UdfRevision("2.50", 0x0250),
        UdfRevision("2.60", 0x0260),
    )
}
"""Every revision, by its name."""


@attrs.frozen
class UdfOptions:
    """How an image's UDF is to be.

    Attributes:
        revision: Its revision.
        mirror: Record all metadata twice where the revision has a metadata partition: at the image's beginning and at
            its end.
    """

    revision: UdfRevision = UDF_REVISIONS["1.02"]
    mirror: bool = True

    @property
    def name_partition(self) -> int:
        """The partition reference of file entries and directories."""
        return 1 if self.revision.metadata_partition else 0


DEFAULT_UDF: Final = UdfOptions()
"""UDF 1.02, which everything reads."""
