"""A BD-R with pseudo-overwrite against a model: what was written last is read, and every cluster is paid for once."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium, VirtualTarget
from aioimapi.virtual.discs._bd import BdRDisc

from .host import Host, format_list

SECTORS = 2_048
OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(
            ("write", "write", "write", "append", "append", "sync", "close", "reserve", "reopen")
        ),
        st.integers(0, SECTORS),
        st.integers(1, 100),
    ),
    max_size=25,
)


def state_of(host: Host) -> BdRDisc:
    medium = host.target.medium
    assert medium is not None
    assert isinstance(medium.state, BdRDisc)
    return medium.state


class Model:
    """The disc by its sectors; all that were never written are zeros."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written: dict[int, bytes] = {}
        self.serial = 0
        medium = VirtualMedium.create(path, "bd-r", sectors=SECTORS)
        self.host = Host(VirtualTarget(medium, attention=False))
        self.host.ok(mmc.FormatUnit(), format_list(0x00, 0, subtype=0))

    def write(self, lba: int, count: int) -> None:
        self.serial += 1
        sectors = [
            self.serial.to_bytes(8, "big") + at.to_bytes(8, "big") + bytes(2_032) for at in range(count)
        ]
        before = self.recorded()
        reply = self.host.raw(mmc.Write10(lba, count).to_cdb(), b"".join(sectors))
        if reply.status:
            assert self.recorded() == before
            assert reply.sense[12:14] in (b"\x21\x00", b"\x21\x02", b"\x63\x00"), reply.sense.hex()
            return
        self.written.update(zip(range(lba, lba + count), sectors, strict=True))
        assert all(at < end for at, (_, end) in self._tracks(lba, count))

    def _tracks(self, lba: int, count: int) -> list[tuple[int, tuple[int, int]]]:
        """Return each sector of a range with its track, as start and next writable address."""
        disc = state_of(self.host)
        found = []
        for at in range(lba, lba + count):
            number = disc.track_of(at)
            assert number is not None
            track = disc.tracks[number - 1]
            found.append((at, (track.start, track.next_lba)))
        return found

    def recorded(self) -> int:
        return sum(track.next_lba - track.start for track in state_of(self.host).tracks)

    def reopen(self) -> None:
        before = state_of(self.host)
        self.host.target.close()
        self.host = Host(VirtualTarget(VirtualMedium.open(self.path), attention=False))
        assert state_of(self.host) == before

    def run(self, name: str, where: int, count: int) -> None:
        disc = state_of(self.host)
        if name == "append":
            where = next((track.next_lba for track in disc.tracks if not track.closed), 0)
        if name in ("write", "append"):
            self.write(where, count)
        elif name == "sync":
            self.host.sync()
        elif name == "close":
            self.host.send(mmc.CloseTrackSession(mmc.CloseFunction.TRACK, where % len(disc.tracks) + 1))
        elif name == "reserve":
            self.host.send(mmc.ReserveTrack.at_address(where // 32 * 32))
        else:
            self.reopen()

    def check(self) -> None:
        disc = state_of(self.host)
        disc.check()
        # Never more clusters on the map than addresses that were spent, and none on it twice.
        assert disc.map_entries * 32 <= self.recorded()
        moved = [cluster for first, _, count in disc.moved for cluster in range(first, first + count)]
        assert sorted(set(moved)) == moved
        places = [place for _, first, count in disc.moved for place in range(first, first + count)]
        assert len(set(places)) == len(places)
        if not disc.overwritable:
            return
        zeros = bytes(2_048)
        everything = self.host.read(0, disc.sectors)
        for at in range(disc.sectors):
            assert everything[at * 2_048 : at * 2_048 + 2_048] == self.written.get(at, zeros), at


@settings(max_examples=120, deadline=None)
@given(operations=OPERATIONS)
def test_pseudo_overwrite_against_a_model(operations: list[tuple[str, int, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder) / "disc")
        try:
            for name, where, count in operations:
                model.run(name, where, count)
            model.check()
        finally:
            model.host.target.close()
