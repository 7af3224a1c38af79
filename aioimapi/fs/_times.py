"""Times on disc: ECMA-119 and ECMA-167 stamps from nanoseconds since 1970, always in UTC."""

from __future__ import annotations

import time
from functools import lru_cache
from struct import Struct

FIRST_SECOND = -2_208_988_800  # 1900-01-01: ECMA-119 9.1.5 counts years from 1900 in one byte
LAST_SECOND = 5_869_583_999  # 2155-12-31 23:59:59

_UDF_STAMP = Struct("<HhBBBBBBBB")


@lru_cache(maxsize=4096)
def directory_stamp(second: int) -> bytes:
    """Return the 7 bytes of ECMA-119 9.1.5; a time outside 1900 to 2155 becomes the nearest that fits."""
    when = time.gmtime(min(max(second, FIRST_SECOND), LAST_SECOND))
    return bytes((when[0] - 1900, when[1], when[2], when[3], when[4], when[5], 0))


def volume_stamp(time_ns: int | None) -> bytes:
    """Return the 17 bytes of ECMA-119 8.4.26.1; None gives the stamp that means "not specified"."""
    if time_ns is None:
        return b"0" * 16 + b"\0"
    second, rest = divmod(time_ns, 1_000_000_000)
    when = time.gmtime(min(max(second, FIRST_SECOND), LAST_SECOND))
    return b"%04d%02d%02d%02d%02d%02d%02d\0" % (*when[:6], rest // 10_000_000)


def udf_stamp(time_ns: int) -> bytes:
    """Return the 12 bytes of ECMA-167 1/7.3: type 1 (local time) with an offset of 0 minutes, so UTC."""
    second, rest = divmod(time_ns, 1_000_000_000)
    micros = rest // 1000
    return _udf_second(second) + bytes((micros // 10_000, micros // 100 % 100, micros % 100))


@lru_cache(maxsize=4096)
def _udf_second(second: int) -> bytes:
    when = time.gmtime(min(max(second, FIRST_SECOND), LAST_SECOND))
    return _UDF_STAMP.pack(1 << 12, when[0], when[1], when[2], when[3], when[4], when[5], 0, 0, 0)[:9]
