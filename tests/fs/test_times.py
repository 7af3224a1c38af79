"""Stamps against the layouts of the standards."""

from __future__ import annotations

from aioimapi.fs._times import directory_stamp, udf_stamp, volume_stamp

_MOMENT = 1_700_000_000_123_456_789  # 2023-11-14 22:13:20.123456789 UTC


def test_directory_stamp_is_seven_bytes_from_1900() -> None:
    # ECMA-119 9.1.5: years since 1900, month, day, hour, minute, second, offset in quarters of an hour
    assert directory_stamp(_MOMENT // 10**9) == bytes((123, 11, 14, 22, 13, 20, 0))
    assert directory_stamp(-(10**12)) == bytes((0, 1, 1, 0, 0, 0, 0))
    assert directory_stamp(10**12) == bytes((255, 12, 31, 23, 59, 59, 0))


def test_volume_stamp_is_digits_and_an_offset() -> None:
    assert volume_stamp(_MOMENT) == b"2023111422132012\0"
    assert volume_stamp(None) == b"0000000000000000\0"  # ECMA-119 8.4.26.1: not specified


def test_udf_stamp_has_type_and_microseconds() -> None:
    # ECMA-167 1/7.3: type 1 in the upper four bits, zone 0; year, month, day, hour, minute, second, 10 ms, 100 us, us
    assert udf_stamp(_MOMENT) == bytes.fromhex("0010 e707 0b 0e 16 0d 14 0c 22 38")
    assert udf_stamp(-1_000) == bytes.fromhex("0010 b107 0c 1f 17 3b 3b 63 63 63")
