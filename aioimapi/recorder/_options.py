"""How to burn, and where the sectors come from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import attrs

from aioimapi.image import SectorSource
from aioimapi.image._digest import Digest
from aioimapi.image._feed import Chunk
from aioimapi.recorder._report import VerifyLevel


class Feeder(Protocol):
    """What gives a burn its chunks; :func:`aioimapi.image.feed` is one."""

    def __call__(
        self,
        source: SectorSource,
        first: int = 0,
        count: int | None = None,
        *,
        hasher: Digest | None = None,
        chunk_sectors: int = 0,
    ) -> AbstractAsyncContextManager[AsyncIterator[Chunk]]:
        """Read a source ahead; see :func:`aioimapi.image.feed`."""


@attrs.frozen
class WriteOptions:
    """How to burn.

    Attributes:
        verify: How much of the disc to check afterwards.
        speed: Write speed as a multiple of 1x, of which the drive takes the nearest; None for its fastest.
        close: Close the disc, so that nothing can be added.
        compatible: DVD+R: close it as DVD-ROM drives and players read it (IMAPI's default).
        overwrite: A rewritable disc that holds something may be written over (IMAPI: ForceOverwrite).
        digest: The digest's name; ``auto`` for BLAKE3 where installed, else SHA-256.
        tidy_s: Seconds that the tidying up after a cancel or an error may take.
        reload: Open and close the tray in the end; None for where the operating system needs it and the drive can.
    """

    verify: VerifyLevel = VerifyLevel.FULL
    speed: float | None = None
    close: bool = False
    compatible: bool = True
    overwrite: bool = False
    digest: str = "auto"
    tidy_s: float = 60.0
    reload: bool | None = None


__all__ = ("Feeder", "WriteOptions")
