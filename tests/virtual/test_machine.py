"""Random lives of discs: no command sequence crashes the target, and a written sector of a write-once disc stays."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aioimapi import mmc
from aioimapi.virtual import Physics, VirtualMedium, VirtualTarget

from .host import Host, format_list

SECTORS = 16_384
WRITE_ONCE = ("dvd+r", "bd-r", "cd-r")


class DiscLife(RuleBasedStateMachine):
    """One disc and one drive; what was acknowledged is kept beside it and compared."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="aioimapi-virtual-"))
        self.written: dict[int, bytes] = {}
        self.serial = 0
        self.kind = ""

    @initialize(kind=st.sampled_from((*WRITE_ONCE, "dvd+rw", "bd-re")), physics=st.booleans())
    def begin(self, kind: str, physics: bool) -> None:
        self.kind = kind
        self.path = self.folder / "disc.img"
        medium = VirtualMedium.create(self.path, kind, sectors=SECTORS, formatted=True)
        self.physics = Physics(enabled=physics, when_full="wait")
        self.host = Host(VirtualTarget(medium, physics=self.physics, attention=False))

    def teardown(self) -> None:
        if self.kind:
            self.host.target.close()
        shutil.rmtree(self.folder)

    def send(self, command: mmc.Command, data: bytes = b"") -> bool:
        reply = self.host.send(command, data if data else bytes(command.transfer_length))
        self.host.now += reply.duration_s + 0.01
        assert reply.status in (0, 2)
        assert (reply.status == 2) == (len(reply.sense) == 18)
        return reply.status == 0

    def next_addresses(self) -> list[int]:
        medium = self.host.target.medium
        assert medium is not None
        state = medium.state
        return (
            [t.next_lba for t in state.tracks if not t.closed] if state.sequential else [0, 100, SECTORS // 2]
        )

    @property
    def pseudo_overwrite(self) -> bool:
        medium = self.host.target.medium
        return medium is not None and bool(getattr(medium.state, "pow", False))

    @rule(data=st.data(), count=st.integers(1, 80), shift=st.sampled_from((0, 0, 0, 0, 1, -1, -32, 500)))
    def write(self, data: st.DataObject, count: int, shift: int) -> None:
        where = self.next_addresses() or [0]
        lba = max(0, data.draw(st.sampled_from(where)) + shift)
        self.serial += 1
        body = b"".join((self.serial << 32 | at).to_bytes(8, "big") * 256 for at in range(lba, lba + count))
        if self.send(mmc.Write10(lba, count), body):
            for at in range(count):
                if self.kind in WRITE_ONCE and not self.pseudo_overwrite:
                    assert lba + at not in self.written, f"sector {lba + at} was overwritten"
                self.written[lba + at] = body[at * 2048 : at * 2048 + 2048]

    @rule(
        function=st.sampled_from((2, 1, 2, 1, 2, 6, 5, 0, 7)),
        number=st.sampled_from((1, 2, 3, 0, 255)),
        immed=st.booleans(),
    )
    def close(self, function: int, number: int, immed: bool) -> None:
        self.send(mmc.CloseTrackSession(mmc.CloseFunction(function), number, immed=immed))
        self.host.now += 1_000

    @rule(size=st.integers(1, 2_000))
    def reserve(self, size: int) -> None:
        self.send(mmc.ReserveTrack.of_size(size))

    @rule(immed=st.booleans())
    def sync(self, immed: bool) -> None:
        self.send(mmc.SynchronizeCache10(immed=immed))
        self.host.now += 1_000

    @rule(write_type=st.integers(0, 3), multi_session=st.sampled_from((0, 3)))
    def parameters(self, write_type: int, multi_session: int) -> None:
        body = self.host.write_parameters(write_type=write_type, multi_session=multi_session)
        self.send(mmc.ModeSelect10(len(body)), body)

    @rule(
        kind=st.sampled_from((0x00, 0x26, 0x30, 0x31, 0x32)),
        sectors=st.sampled_from((15_840, SECTORS, 0xFFFFFFFF)),
    )
    def format(self, kind: int, sectors: int) -> None:
        self.send(mmc.FormatUnit(), format_list(kind, sectors))
        self.host.now += 10_000

    @rule()
    def reload(self) -> None:
        self.send(mmc.StartStopUnit(start=False, load_eject=True))
        self.send(mmc.StartStopUnit(start=True, load_eject=True))
        self.send(mmc.RequestSense())

    @rule()
    def reopen(self) -> None:
        before = self.host.target.medium
        assert before is not None
        state = before.state
        self.host.target.close()
        medium = VirtualMedium.open(self.path)
        assert medium.state == state
        now = self.host.now
        self.host = Host(VirtualTarget(medium, physics=self.physics, attention=False))
        self.host.now = now

    @rule(cdb=st.binary(min_size=0, max_size=16), data=st.binary(max_size=64))
    def noise(self, cdb: bytes, data: bytes) -> None:
        if not cdb or cdb[0] not in (0x2A, 0xAA, 0x1B):
            assert self.host.raw(cdb, data).status in (0, 2)
            self.host.now += 10_000

    @precondition(lambda self: bool(self.written))
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        lba = data.draw(st.sampled_from(sorted(self.written)))
        buffer = bytearray(2_048)
        reply = self.host.raw(mmc.Read10(lba, 1).to_cdb(), buffer)
        assert reply.status == 0, (lba, reply.sense.hex())
        assert bytes(buffer) == self.written[lba]

    @invariant()
    def answers_agree(self) -> None:
        if not self.kind:
            return
        host = self.host
        disc = host.disc()
        last = 0
        for number in range(1, disc.last_track + 1):
            track = host.track(number)
            assert (track.track, track.start >= last) == (number, True)
            assert track.session <= disc.sessions
            if track.nwa is not None and track.nwa < 1 << 31:  # session at once begins in front of sector 0
                assert track.start <= track.nwa
                assert track.nwa + track.free <= track.start + track.size + 2
                assert disc.status != 2
            last = track.start + track.size
        if disc.status == 0:
            assert not self.written
        assert host.capacity() < SECTORS


DiscLife.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestDiscLife = DiscLife.TestCase


@settings(max_examples=300, deadline=None)
@given(cdb=st.binary(max_size=20), data=st.binary(max_size=100), now=st.floats(0, 1e9))
def test_no_bytes_crash_an_empty_drive(cdb: bytes, data: bytes, now: float) -> None:
    reply = VirtualTarget(None).handle(cdb, memoryview(bytearray(data)), now)
    assert reply.status in (0, 2)
    assert reply.transferred <= len(data)
