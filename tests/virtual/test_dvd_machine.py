"""Random lives of DVDs: no sequence of commands crashes the drive, and what was acknowledged is there."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aioimapi import mmc
from aioimapi.virtual import VirtualMedium, VirtualTarget

from .host import Host, format_list

KINDS = ("dvd-r", "dvd-rw", "dvd-r-dl", "dvd-ram", "dvd+rw", "dvd+r-dl")
WRITE_ONCE = ("dvd-r", "dvd-r-dl", "dvd+r-dl")


class DvdLife(RuleBasedStateMachine):
    """One disc and one drive; what was acknowledged is kept beside it and compared."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="aioimapi-virtual-"))
        self.written: dict[int, bytes] = {}
        self.serial = 0
        self.testing = False

    @initialize(kind=st.sampled_from(KINDS), sectors=st.sampled_from((1_024, 20_000, 60_000)))
    def begin(self, kind: str, sectors: int) -> None:
        self.kind = kind
        medium = VirtualMedium.create(self.folder / "disc", kind, sectors=sectors)
        self.host = Host(VirtualTarget(medium, attention=False))

    def teardown(self) -> None:
        if hasattr(self, "host"):
            self.host.target.close()
        shutil.rmtree(self.folder)

    @property
    def medium(self) -> VirtualMedium:
        medium = self.host.target.medium
        assert medium is not None
        return medium

    def send(self, command: mmc.Command, data: bytes = b"") -> bool:
        reply = self.host.send(command, data or bytes(command.transfer_length))
        assert reply.status in (0, 2)
        assert (reply.status == 2) == (len(reply.sense) == 18)
        return reply.status == 0

    # --- what hosts do ------------------------------------------------------------------------------

    @rule(data=st.data(), blocks=st.integers(1, 5), odd=st.sampled_from((0, 0, 0, 3)))
    def write(self, data: st.DataObject, blocks: int, odd: int) -> None:
        state = self.medium.state
        where = [track.next_lba for track in state.tracks if not track.closed] + [0, 160]
        lba, count = data.draw(st.sampled_from(where)), blocks * 16 - odd
        self.serial += 1
        body = b"".join((self.serial << 32 | at).to_bytes(8, "big") * 256 for at in range(lba, lba + count))
        if self.send(mmc.Write10(lba, count), body) and not self.testing:
            for at in range(count):
                assert self.kind not in WRITE_ONCE or lba + at not in self.written
                self.written[lba + at] = body[at * 2048 : at * 2048 + 2048]

    @rule()
    def flush(self) -> None:
        assert self.send(mmc.SynchronizeCache10())

    @rule(function=st.sampled_from((1, 1, 2, 2, 3, 0, 5)), number=st.integers(0, 4))
    def close(self, function: int, number: int) -> None:
        self.send(mmc.CloseTrackSession(mmc.CloseFunction(function), number))

    @rule(sectors=st.sampled_from((1, 16, 100, 400)))
    def reserve(self, sectors: int) -> None:
        self.send(mmc.ReserveTrack.of_size(sectors))

    @rule(
        kind=st.sampled_from((0, 0, 2, 4)), multi=st.sampled_from((0, 3)), test=st.sampled_from((0, 0, 0x10))
    )
    def select(self, kind: int, multi: int, test: int) -> None:
        body = self.host.write_parameters(write_type=0, multi_session=multi, change={2: 0x40 | kind | test})
        if self.send(mmc.ModeSelect10(len(body)), body):
            self.testing = bool(test)

    @rule(data=st.data(), size=st.sampled_from((0, 160, 320, 1 << 31)))
    def format(self, data: st.DataObject, size: int) -> None:
        choices = self.host.formats()[1]
        if not choices:
            return
        largest, kind, _ = data.draw(st.sampled_from(choices))
        done = self.send(mmc.FormatUnit(), format_list(kind, min(size, largest)))
        if done and not self.testing and kind in (0x00, 0x10, 0x15, 0x26):
            self.written.clear()
        elif done and not self.testing and kind == 0x01:
            self.written = {lba: body for lba, body in self.written.items() if lba < largest}

    @rule(kind=st.sampled_from((0, 1, 2)))
    def blank(self, kind: int) -> None:
        if self.send(mmc.Blank(mmc.BlankingType(kind))) and not self.testing:
            self.written.clear()

    @rule(code=st.sampled_from((0x20, 0x21, 0x22, 0x23, 0x24)), sectors=st.sampled_from((64, 160, 512, 7)))
    def structure(self, code: int, sectors: int) -> None:
        body = b"\x00\x0a" + bytes(6) + sectors.to_bytes(4, "big")
        self.send(mmc.SendDiscStructure(code, 12), body)

    @rule()
    def ask(self) -> None:
        for command in (mmc.ReadTocPmaAtip(), mmc.GetConfiguration(), mmc.ReadCapacity()):
            self.send(command)
        listed = self.host.ok(mmc.ReadDiscStructure(0xFF))
        for at in range(4, len(listed), 4):
            self.send(mmc.ReadDiscStructure(listed[at]))

    @rule()
    def another_drive(self) -> None:
        """End the process and give the disc to another drive: it is what it was."""
        self.host.ok(mmc.StartStopUnit(start=False, load_eject=True))
        self.testing = False
        before = self.medium.state
        self.host.target.close()
        medium = VirtualMedium.open(self.folder / "disc")
        self.host = Host(VirtualTarget(medium, attention=False))
        assert medium.state == before

    # --- what always holds --------------------------------------------------------------------------

    @invariant()
    def the_state_makes_sense(self) -> None:
        if not hasattr(self, "host"):
            return
        self.medium.state.check()
        disc = self.host.disc()
        starts = [self.host.track(number).start for number in range(1, disc.last_track + 1)]
        assert starts == sorted(starts)

    @invariant()
    def what_was_written_is_there(self) -> None:
        if not self.written or self.testing:
            return
        for lba in (min(self.written), max(self.written)):
            assert self.host.read(lba, 1) == self.written[lba]


TestDvdLife = DvdLife.TestCase
TestDvdLife.settings = settings(
    max_examples=60, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
