"""``virtual:`` URLs."""

from __future__ import annotations

from pathlib import Path

import pytest

from aioimapi import mmc
from aioimapi.errors import UnknownUrlError, VirtualMediumError
from aioimapi.virtual import Identity, MediumKind, open_virtual_target, parse_virtual_url

from .host import Host


def test_everything() -> None:
    options = parse_virtual_url(
        "virtual:/tmp/a%3Fb%25.img?media=dvd+r&sectors=4096&readonly&serial=X1&buffer_kib=2048&physics=4x"
        "&when_full=wait&close_s=1.5&time_scale=0.01&fault=hang@write:2+&fault=unplug@sync:1&formatted=no"
    )
    assert options.path == "/tmp/a?b%.img"
    assert options.media is MediumKind.DVD_PLUS_R
    assert options.sectors == 4_096
    assert options.readonly
    assert not options.formatted
    assert options.identity == Identity(serial="X1")
    physics = options.physics
    assert (physics.enabled, physics.speed_x, physics.buffer_kib, physics.when_full) == (
        True,
        4.0,
        2_048,
        "wait",
    )
    assert physics.close_s == 1.5
    assert options.time_scale == 0.01
    assert [fault.first for fault in options.faults] == [2, 1]
    assert options.faults[0].last is None


def test_a_plain_name_has_defaults() -> None:
    options = parse_virtual_url("virtual:disc.bdr")
    assert (options.path, options.media, options.sectors, options.faults) == ("disc.bdr", None, None, ())
    assert not options.physics.enabled
    assert options.attention


def test_physics_can_be_switched_off_again() -> None:
    assert not parse_virtual_url("virtual:a?physics=off").physics.enabled
    assert parse_virtual_url("virtual:a?physics").physics.enabled


def test_an_empty_drive() -> None:
    host = Host(open_virtual_target("virtual:"))
    assert host.refused(mmc.TestUnitReady()).code == "2/3A/01"
    host = Host(open_virtual_target("virtual:?tray_open"))
    assert host.refused(mmc.TestUnitReady()).code == "2/3A/02"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("virtual:a?media=floppy", "floppy"),
        ("virtual:a?sector=5", "there are .*sectors"),
        ("virtual:a?media=bd-r&media=bd-r", "twice"),
        ("virtual:a?sectors=-5", "whole number"),
        ("virtual:a?sectors=", "whole number"),
        ("virtual:a?readonly=maybe", "yes or no"),
        ("virtual:a?close_s=fast", "close_s"),
        ("virtual:a?close_s=nan", "close_s"),
        ("virtual:a?close_s=1e9", "close_s"),
        ("virtual:a?physics=-1", "more than 0"),
        ("virtual:a?physics=nan", "more than 0"),
        ("virtual:a?physics=fast", "a number is needed"),
        ("virtual:a?buffer_kib=1", "buffer_kib"),
        ("virtual:a?when_full=explode", "refuse, wait"),
        ("virtual:a?serial=", "1 to 20"),
        ("virtual:a?vendor=TOO LONG A NAME", "1 to 8"),
        ("virtual:a?fault=boom", "ACTION@COMMAND"),
    ],
)
def test_bad_options_are_told(url: str, words: str) -> None:
    with pytest.raises(VirtualMediumError, match=words):
        parse_virtual_url(url)


def test_other_schemes_are_not_ours() -> None:
    with pytest.raises(UnknownUrlError):
        parse_virtual_url("/dev/sr0")


def test_a_disc_is_made_once_and_then_kept(tmp_path: Path) -> None:
    url = f"virtual:{tmp_path / 'd'}?media=bd-r&attention=no"
    host = Host(open_virtual_target(url))
    host.write(0, 32)
    host.target.close()
    host = Host(open_virtual_target(url))
    assert host.track(1).nwa == 32
    host.target.close()
    host = Host(open_virtual_target(f"virtual:{tmp_path / 'd'}?attention=no"))
    assert host.track(1).nwa == 32
    host.target.close()
    with pytest.raises(
        VirtualMediumError, match="is a bd-r of 12,219,392 sectors, and media=bd-re was asked for"
    ):
        open_virtual_target(f"virtual:{tmp_path / 'd'}?media=bd-re")
    with pytest.raises(VirtualMediumError, match="sectors=2048 was asked for"):
        open_virtual_target(f"virtual:{tmp_path / 'd'}?sectors=2048")
    open_virtual_target(url).close()  # the refusals left nothing locked


def test_a_missing_disc_needs_a_kind(tmp_path: Path) -> None:
    with pytest.raises(VirtualMediumError, match="media=KIND"):
        open_virtual_target(f"virtual:{tmp_path / 'none'}")
    with pytest.raises(VirtualMediumError, match="media=KIND"):
        open_virtual_target(f"virtual:{tmp_path / 'none'}?media=bd-r&readonly")
    assert not list(tmp_path.iterdir())
