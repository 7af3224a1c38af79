"""Recorded times as nanoseconds since 1970 UTC: ECMA-119 8.4.26.1 and 9.1.5, ECMA-167 1/7.3."""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

_STAMP = Struct("<HhBBBBBBBB")
_DAYS_BEFORE_MONTH = (0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334)


def _instant(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int | None:
    """Return seconds since 1970 of a date without zone (proleptic Gregorian), or None for one that cannot be."""
    if not (
        1 <= month <= 12
        and 1 <= day <= 31
        and hour <= 24
        and minute <= 60
        and second <= 61
        and 1 <= year <= 9999
    ):
        return None
    before = year - 1 if month <= 2 else year  # leap days up to this year's February
    leaps = before // 4 - before // 100 + before // 400 - 477
    days = (year - 1970) * 365 + leaps + _DAYS_BEFORE_MONTH[month - 1] + day - 1
    return days * 86_400 + hour * 3600 + minute * 60 + second


@lru_cache(maxsize=16_384)
def short_time_ns(field: bytes) -> int | None:
    """Decode the seven bytes of a directory record's date (ECMA-119 9.1.5), or return None where it is none."""
    year, month, day, hour, minute, second, zone = field
    instant = _instant(1900 + year, month, day, hour, minute, second)
    if instant is None:
        return None
    return (instant - _quarter_hours(zone) * 900) * 1_000_000_000


@lru_cache(maxsize=1024)
def long_time_ns(field: bytes) -> int | None:
    """Decode the 17 bytes of a volume descriptor's date (ECMA-119 8.4.26.1), or return None where it is none."""
    digits = field[:16]
    if not digits.isdigit():
        return None
    instant = _instant(
        int(digits[:4]),
        int(digits[4:6]),
        int(digits[6:8]),
        int(digits[8:10]),
        int(digits[10:12]),
        int(digits[12:14]),
    )
    if instant is None:
        return None
    return (instant - _quarter_hours(field[16]) * 900) * 1_000_000_000 + int(digits[14:16]) * 10_000_000


def _quarter_hours(zone: int) -> int:
    signed = zone - 256 if zone > 127 else zone
    return signed if -48 <= signed <= 52 else 0


@lru_cache(maxsize=16_384)
def timestamp_ns(field: bytes) -> int | None:
    """Decode a UDF timestamp (ECMA-167 1/7.3, UDF 2.1.4), or return None where it is none."""
    fields: tuple[int, ...] = _STAMP.unpack(field)
    kind, year, month, day, hour, minute, second, centi, hundreds, micro = fields
    instant = _instant(year, month, day, hour, minute, second)
    if instant is None:
        return None
    zone = kind & 0xFFF
    if zone & 0x800:
        zone -= 0x1000
    if kind >> 12 == 1 and -1440 <= zone <= 1440:  # -2047 says that no zone is recorded
        instant -= zone * 60
    return (
        instant * 1_000_000_000 + (min(centi, 99) * 10_000 + min(hundreds, 99) * 100 + min(micro, 99)) * 1000
    )


__all__ = ("long_time_ns", "short_time_ns", "timestamp_ns")
