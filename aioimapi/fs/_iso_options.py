"""How an image's ISO 9660 and Joliet are to be (ECMA-119 8.4 and 10, Joliet specification)."""

from __future__ import annotations

import attrs

from aioimapi.errors import ImageError

_TEXTS = {"system": 32, "volume_set": 128, "publisher": 128, "preparer": 128, "application": 128}
_LEVELS = (1, 2, 3)


@attrs.frozen(kw_only=True)
class IsoOptions:
    """How an image's ISO 9660 and Joliet are to be.

    Texts are any Unicode. The primary volume descriptor gets them in capitals of ASCII, with ``_`` for what that has
    not; Joliet's gets them as they are, half as many characters.

    Attributes:
        level: The level of interchange (ECMA-119 10): 1 for names of 8 and 3 characters, 2 for 30; both for files of
            less than 4 GiB only. 3 for names of 30 characters and files of any size (IMAPI: ISO9660InterchangeLevel).
        versions: Whether file identifiers end with their version, ``;1``, as the standard wants it.
        joliet_long: Whether Joliet names have up to 103 characters, which every system in use reads, or 64 as
            the specification has it.
        system: The system that can use the image's first sixteen sectors (8.4.5), at most 32 characters.
        volume_set: The volume set (8.4.19), at most 128 characters, as the others below.
        publisher: Who publishes it (8.4.20).
        preparer: Who prepared the data (8.4.21).
        application: What made the image (8.4.22).
        copyright_file: The name of a file in the root with the copyright statement (8.4.23), or empty.
        abstract_file: The name of a file in the root with an abstract (8.4.24), or empty.
        bibliographic_file: The name of a file in the root with bibliographic records (8.4.25), or empty.
    """

    level: int = 3
    versions: bool = True
    joliet_long: bool = False
    system: str = ""
    volume_set: str = ""
    publisher: str = ""
    preparer: str = ""
    application: str = "AIOIMAPI"
    copyright_file: str = ""
    abstract_file: str = ""
    bibliographic_file: str = ""

    def __attrs_post_init__(self) -> None:
        if self.level not in _LEVELS:
            raise ImageError(f"the level of ISO 9660 is {self.level!r}, not one of 1, 2, 3")
        for name, limit in _TEXTS.items():
            text: str = getattr(self, name)
            if len(text) > limit:
                raise ImageError(f"{name} has {len(text)} characters, and its field has room for {limit}")


DEFAULT_ISO = IsoOptions()
