"""A CD-RW that is sent everything in any order: it never forgets what it holds, and its answers agree."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from aioimapi import mmc
from aioimapi.cd import Q, lba_time, with_pq
from aioimapi.virtual.discs._cd import CdDisc

from .cd_host import AUDIO, DATA, Cue, full_toc, insert_cd, line, page_05, read_cd, samples, write_cdb
from .host import Host, pattern

SECTORS = 60_000


class CdLife(RuleBasedStateMachine):
    """Sends commands, and keeps what the sectors of closed sessions and open tracks must hold."""

    host: Host
    folder: Path
    testing = False

    @initialize()
    def begin(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.held: dict[int, bytes] = {}
        self.kept: dict[int, bytes] = {}
        self.testing = False
        self.open()

    def open(self) -> None:
        self.host = insert_cd(self.folder, "cd-rw", f"&sectors={SECTORS}")
        self.write_type, self.block = 0, 8
        self.end_test()

    def end_test(self) -> None:
        if self.testing:
            self.held, self.testing = dict(self.kept), False

    def teardown(self) -> None:
        if hasattr(self, "host"):
            self.host.target.close()
            shutil.rmtree(self.folder)

    def send(self, command: mmc.Command, data: bytes = b"") -> bool:
        return (
            self.host.raw(command.to_cdb(), data if data else bytearray(command.transfer_length)).status == 0
        )

    def put(self, lba: int, count: int, data: bytes) -> bool:
        return self.host.raw(write_cdb(lba, count), data).status == 0

    @property
    def disc(self) -> CdDisc:
        medium = self.host.target.medium
        assert medium is not None
        assert isinstance(medium.state, CdDisc)
        return medium.state

    # --- what a host does ---------------------------------------------------------------------------

    @rule(
        write_type=st.sampled_from((0, 1, 1, 2, 3)),
        multi=st.sampled_from((0, 1, 3, 3, 3)),
        audio=st.booleans(),
        test=st.sampled_from((False, False, False, True)),
    )
    def parameters(self, write_type: int, multi: int, audio: bool, test: bool) -> None:
        audio = audio and write_type == 1
        block = 3 if write_type == 3 else 0 if audio else 8
        body = page_05(write_type, multi=multi, track_mode=0 if audio else 4, block=block, test=test)
        assert self.send(mmc.ModeSelect10(len(body)), body)
        self.write_type, self.block = write_type, block
        if test and not self.testing:
            self.kept = dict(self.held)
        elif not test:
            self.end_test()
        self.testing = test

    @precondition(lambda self: self.write_type in (0, 1))
    @rule(count=st.integers(1, 320), shift=st.sampled_from((0, 0, 0, 1, -1)))
    def write_track(self, count: int, shift: int) -> None:
        number = self.disc.incomplete_track()
        lba = max(0, self.disc.tracks[number - 1].next_lba if number else 0) + shift
        audio = self.block == 0
        data = samples(lba, count) if audio else pattern(lba, count)
        if self.put(lba, count, data):
            size = 2352 if audio else 2048
            for at in range(count):
                assert lba + at not in self.held
                self.held[lba + at] = data[at * size : (at + 1) * size]

    @precondition(lambda self: self.write_type == 2)
    @rule(audio=st.booleans(), length=st.integers(300, 400), whole=st.booleans())
    def session_at_once(self, audio: bool, length: int, whole: bool) -> None:
        disc = self.disc
        start, first = disc.next_start, len(disc.tracks) - len(disc.session_tracks(disc.sessions)) + 1
        control, form, pause = (AUDIO, 0x00, 0x01) if audio else (DATA, 0x10, 0x14)
        sheet = Cue().add(
            line(control, 0, 0, pause, start - 150),
            line(control, first, 0, form, start - 150),
            line(control, first, 1, form, start),
            line(control, 0xAA, 1, pause, start + length),
        )
        if not self.send(mmc.SendCueSheet(32), sheet.data()):
            return
        size = 2352 if audio else 2048
        count = length if whole else length // 2
        assert self.put(start - 150, 150, bytes(150 * size))
        data = samples(start, count) if audio else pattern(start, count)
        assert self.put(start, count, data)
        self.held |= {start + at: data[at * size : (at + 1) * size] for at in range(count)}

    @precondition(lambda self: self.write_type == 3)
    @rule(whole=st.booleans(), control=st.sampled_from((0, 2)))
    def raw_session(self, whole: bool, control: int) -> None:
        disc = self.disc
        start, first = disc.next_start, len(disc.tracks) - len(disc.session_tracks(disc.sessions)) + 1
        toc = [
            Q.toc(control, 0xA0, bytes((first, 0, 0))),
            Q.toc(control, 0xA2, lba_time(start + 300)),
            Q.toc(control, first // 10 << 4 | first % 10, lba_time(start)),
            Q(control, 5, bytes((0, 0xB0)) + lba_time(start + 11_000) + b"\x01\x79\x59\x74"),
        ]
        rows = [bytes(2352) + with_pq(b"", q.to_bytes(), p=False) for q in toc * 3]
        for lba in range(start - 150, start + (310 if whole else 200)):
            q = Q.position(control, first, int(lba >= start), abs(lba - start), lba)
            rows.append(samples(lba, 1) + with_pq(b"", q.to_bytes(), p=False))
        if self.put(start - 150 - 12, len(rows), b"".join(rows)):
            last = start + (300 if whole else 200)
            self.held |= {lba: samples(lba, 1) for lba in range(start, last)}

    @rule()
    def sync(self) -> None:
        assert self.send(mmc.SynchronizeCache10())
        self.after_closing()

    @rule(function=st.sampled_from((1, 2, 2)), number=st.sampled_from((1, 2, 255)))
    def close(self, function: int, number: int) -> None:
        self.send(mmc.CloseTrackSession(mmc.CloseFunction(function), number))
        self.after_closing()

    def after_closing(self) -> None:
        """A session that was tested is gone with its close."""
        if self.testing and len(self.disc.tracks) == self._real_tracks() and self.disc.session_state == 0:
            self.held = dict(self.kept)

    def _real_tracks(self) -> int:
        medium = self.host.target.medium
        real = getattr(medium, "real", medium)
        return len(real.state.tracks) if real is not None else 0

    @rule(what=st.integers(0, 6), address=st.sampled_from((0, 1, 2, 3, 100, 12_000)))
    def blank(self, what: int, address: int) -> None:
        if not self.send(mmc.Blank(mmc.BlankingType(what), address=address)):
            return
        disc = self.disc
        recorded = [range(t.start, t.next_lba) for t in disc.tracks]
        self.held = {lba: data for lba, data in self.held.items() if any(lba in row for row in recorded)}
        if what < 2:
            assert not self.held

    @rule()
    def eject_and_load(self) -> None:
        assert self.send(mmc.StartStopUnit(start=False, load_eject=True))
        assert self.send(mmc.StartStopUnit(start=True, load_eject=True))
        assert self.send(mmc.RequestSense())
        self.write_type, self.block = 0, 8
        self.end_test()

    @rule()
    def reopen(self) -> None:
        before = None if self.testing else self.answers()
        job = self.disc.job
        self.host.target.close()
        self.open()
        if before is not None and job is None:
            assert self.answers() == before

    def answers(self) -> list[bytes]:
        host = self.host
        tracks = range(1, len(self.disc.tracks) + 1)
        body = page_05(1)
        assert self.send(mmc.ModeSelect10(len(body)), body)
        self.write_type, self.block = 1, 8
        found = [host.ok(mmc.ReadDiscInformation())]
        found += [host.ok(mmc.ReadTrackInformation(mmc.TrackAddressType.TRACK, number)) for number in tracks]
        return [*found, host.ok(mmc.ReadTocPmaAtip(mmc.TocFormat.PMA, allocation_length=2_000))]

    # --- what must hold -----------------------------------------------------------------------------

    @invariant()
    def answers_agree(self) -> None:
        if not hasattr(self, "host"):
            return
        disc, info = self.disc, self.host.disc()
        disc.check()
        assert info.last_track == len(disc.tracks)
        assert (info.status == 0) == (
            disc.sessions == 1 and all(t.blank and not t.reserved for t in disc.tracks) and not disc.laid_out
        )
        assert len(disc.leads) <= disc.sessions
        if disc.complete_sessions:
            points = full_toc(self.host)
            assert {session for session, _ in points} == set(range(1, disc.complete_sessions + 1))
        for number in range(1, len(disc.tracks) + 1):
            track = self.host.track(number)
            assert (track.track, track.session) == (number, disc.tracks[number - 1].session)
        if self.testing:
            return
        for lba in list(self.held)[:: max(1, len(self.held) // 12)]:
            data = self.held[lba]
            assert read_cd(self.host, lba, 1, main=0x10) == data


CdLife.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestCdLife = CdLife.TestCase
