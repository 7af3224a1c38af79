"""GET CONFIGURATION: what the drive can do, with this disc and without (MMC-5 6.6)."""

from __future__ import annotations

import enum
from typing import Annotated, ClassVar, Final, Self, TypeVar

import attrs

from aioimapi.mmc._command import Command, Direction
from aioimapi.mmc._feature import Feature, RawFeature
from aioimapi.mmc._features import FEATURES
from aioimapi.mmc._features_disc import ProfileList
from aioimapi.mmc._fields import U16, Bits, need
from aioimapi.mmc._profiles import Profile


class RequestedType(enum.IntEnum):
    """Which features GET CONFIGURATION returns (MMC-5 6.6)."""

    ALL = 0
    CURRENT = 1
    ONE = 2


@attrs.frozen
class GetConfiguration(Command):
    """Ask for features and profiles.

    Args:
        requested_type: All, those that are current, or one.
        starting_feature: First feature number, or the one.
        allocation_length: Bytes to take.
    """

    name: ClassVar[str] = "GET CONFIGURATION"
    opcode: ClassVar[int] = 0x46
    direction: ClassVar[Direction] = Direction.IN

    requested_type: Annotated[RequestedType, Bits(1, 1, 0)] = RequestedType.ALL
    starting_feature: Annotated[int, U16(2)] = 0
    allocation_length: Annotated[int, U16(7)] = 0xFFF8

    @property
    def transfer_length(self) -> int:
        """The allocation length."""
        return self.allocation_length


_BY_NUMBER: Final = {feature.number: feature for feature in FEATURES}

_F = TypeVar("_F", bound=Feature)


@attrs.frozen
class FeatureSet:
    """The answer to GET CONFIGURATION: the current profile and a list of features (MMC-5 5.2).

    Args:
        current_profile: The kind of disc that is in; :attr:`Profile.NONE` without one.
        features: In the order in which the drive lists them.
    """

    current_profile: Profile
    features: tuple[Feature, ...] = ()

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the answer; a descriptor that is cut off is left out.

        The drive's data length may be larger than what was asked for; then the list is only the beginning,
        and :meth:`total_length` tells how much there is.

        Raises:
            RemoteProtocolError: No header of 8 bytes.
        """
        whole = bytes(need(data, 8, "configuration"))
        end = min(len(whole), cls.total_length(whole))
        features: list[Feature] = []
        at = 8
        while at + 4 <= end and at + 4 + whole[at + 3] <= end:
            number, flags, size = int.from_bytes(whole[at : at + 2], "big"), whole[at + 2], whole[at + 3]
            features.append(
                _BY_NUMBER.get(number, RawFeature).decode(
                    number,
                    whole[at + 4 : at + 4 + size],
                    current=bool(flags & 1),
                    persistent=bool(flags & 2),
                    version=flags >> 2 & 0xF,
                )
            )
            at += 4 + size
        return cls(Profile(int.from_bytes(whole[6:8], "big")), tuple(features))

    @staticmethod
    def total_length(data: bytes | memoryview) -> int:
        """Return how many bytes the whole answer has, by its header.

        Raises:
            RemoteProtocolError: No header of 8 bytes.
        """
        return int.from_bytes(need(data, 8, "configuration")[0:4], "big") + 4

    def to_bytes(self) -> bytes:
        """Encode the answer with its header."""
        body = b"".join(feature.to_bytes() for feature in self.features)
        return (len(body) + 4).to_bytes(4, "big") + bytes(2) + self.current_profile.to_bytes(2, "big") + body

    def get(self, kind: type[_F]) -> _F | None:
        """Return the feature of that class, or None where the drive lacks it."""
        return next((feature for feature in self.features if isinstance(feature, kind)), None)

    def is_current(self, kind: type[Feature]) -> bool:
        """Return whether the feature works with the disc that is in."""
        feature = self.get(kind)
        return feature is not None and feature.current

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """Every kind of disc that the drive knows, in its own order."""
        known = self.get(ProfileList)
        return tuple(profile for profile, _ in known.profiles) if known is not None else ()

    def selected(self, requested: RequestedType, starting_feature: int) -> Self:
        """Return what GET CONFIGURATION with these arguments gives: a target's answer out of its whole set."""
        chosen = tuple(
            feature
            for feature in self.features
            if (
                feature.feature_number == starting_feature
                if requested is RequestedType.ONE
                else feature.feature_number >= starting_feature
                and (feature.current or requested is RequestedType.ALL)
            )
        )
        return attrs.evolve(self, features=chosen)
