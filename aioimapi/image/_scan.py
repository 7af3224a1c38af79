"""Reads folders of the host into the tree, by a stated policy for whatever is no plain file."""

from __future__ import annotations

import os
import stat
from array import array
from typing import Literal

import attrs

from aioimapi.errors import ImageError, SourceError, printable
from aioimapi.fs._merge import Kept, graft
from aioimapi.fs._times import FIRST_SECOND, LAST_SECOND
from aioimapi.fs._tree import Directory, LinkGroup
from aioimapi.image._exclude import Exclusions
from aioimapi.image._host import hides_content, open_folder, source_error
from aioimapi.image._warnings import WarningLog

_EARLIEST_NS = FIRST_SECOND * 1_000_000_000
_LATEST_NS = LAST_SECOND * 1_000_000_000

_MAX_ID = 0xFFFF_FFFF

_Row = tuple[str, int, int, int, int, int]
_Pending = tuple[Directory, str, tuple[tuple[int, int], ...]]


@attrs.frozen
class TreePolicy:
    """What becomes of the entries of a folder that are no plain files.

    Attributes:
        symlinks: ``keep`` them as symlinks, ``follow`` them (what they point to is taken in; a loop is left out with a
            warning), or ``skip`` them with a warning.
        special: Devices, sockets and pipes: ``skip`` them with a warning, or ``error``.
        unreadable: Files and folders that may not be read: ``error``, or ``skip`` them with a warning.
        hard_links: ``keep`` them as names of one file, or ``copy`` the data for each name.
        exclusions: What is left out, and not looked at; None for nothing.
        uid: Owner of all that is taken in; None for the host's.
        gid: Group of all that is taken in; None for the host's.
        file_mode: Permission bits of files; None for the host's.
        directory_mode: Permission bits of directories; None for the host's.
    """

    symlinks: Literal["keep", "follow", "skip"] = "keep"
    special: Literal["skip", "error"] = "skip"
    unreadable: Literal["error", "skip"] = "error"
    hard_links: Literal["keep", "copy"] = "keep"
    exclusions: Exclusions | None = None
    uid: int | None = None
    gid: int | None = None
    file_mode: int | None = None
    directory_mode: int | None = None

    def __attrs_post_init__(self) -> None:
        for what, value, allowed in (
            ("symlinks", self.symlinks, ("keep", "follow", "skip")),
            ("special", self.special, ("skip", "error")),
            ("unreadable", self.unreadable, ("error", "skip")),
            ("hard_links", self.hard_links, ("keep", "copy")),
        ):
            if value not in allowed:
                raise ImageError(f"{what} is {value!r}, not one of {', '.join(allowed)}")
        for what, number, most in (
            ("uid", self.uid, _MAX_ID),
            ("gid", self.gid, _MAX_ID),
            ("file_mode", self.file_mode, 0o7777),
            ("directory_mode", self.directory_mode, 0o7777),
        ):
            if number is not None and not 0 <= number <= most:
                shown = f"{number:o}" if most == 0o7777 else f"{number}"
                limit = f"{most:o}" if most == 0o7777 else f"{most}"
                raise ImageError(f"{what} is {shown}, not from 0 to {limit}")

    def hides(self, path: str, entry: os.DirEntry[str]) -> bool:
        """Tell whether an entry is left out by a pattern; asked before anything of it is read."""
        if self.exclusions is None:
            return False
        try:
            is_folder = entry.is_dir(follow_symlinks=self.symlinks == "follow")
        except OSError:
            is_folder = False
        return self.exclusions.hides(path, is_folder=is_folder)


class Scanner:
    """Takes host folders into directories of the tree. Runs in a worker thread; never follows a loop."""

    def __init__(self, log: WarningLog, latest_ns: int | None) -> None:
        self._log = log
        self._latest = _LATEST_NS if latest_ns is None else min(latest_ns, _LATEST_NS)
        self._links: dict[tuple[int, int], LinkGroup] = {}
        self._user = os.geteuid()
        self._groups = {os.getegid(), *os.getgroups()}

    @property
    def log(self) -> WarningLog:
        """What was changed or left out so far."""
        return self._log

    def forget_warnings(self, log: WarningLog) -> None:
        """Go on from an earlier state of the log."""
        self._log = log

    def clamp(self, mtime_ns: int, path: str) -> int:
        """Return the nearest time that ISO 9660 can hold, and that is not after SOURCE_DATE_EPOCH where that is set.

        A time between 1900 and 2155 is kept; another, as broken clocks make them, is changed with a warning.
        """
        if not _EARLIEST_NS <= mtime_ns <= _LATEST_NS:
            self._log.add("time of modification outside the years 1900 to 2155, the nearest taken", path)
        return min(max(mtime_ns, _EARLIEST_NS), self._latest)

    def check_empty(self, facts: os.stat_result, name: str, path: str, folder: int | None = None) -> None:
        """Warn of a file that tells no size, as those of ``/proc``: it is taken for the empty one it says it is."""
        if hides_content(facts, name, folder):
            self._log.add("file that tells no size taken as empty", path)

    def take_tree(self, target: Directory, path: str, policy: TreePolicy, kept: Kept = ()) -> None:
        """Take a folder's contents and attributes into ``target``. On equal names the folder wins, folders merge.

        It is listed whole before anything of ``target`` changes; where that fails, nothing has.

        Args:
            target: The directory of the image.
            path: The folder of the host.
            policy: What becomes of odd entries.
            kept: Items of the tree that win over the folder's.

        Raises:
            SourceError: The folder, or something in it by policy, cannot be read.
        """
        image_log, self._log = self._log, self._log.copy()
        try:
            fresh = self._list_tree(target, os.path.abspath(path), policy)
        except BaseException:
            self._log = image_log
            raise
        graft(target, fresh, kept, self._log.add)

    def _list_tree(self, target: Directory, path: str, policy: TreePolicy) -> Directory:
        fresh = Directory(target.name, None if target.parent is target else target.parent)
        try:
            descriptor = open_folder(path)
            try:
                facts = os.fstat(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise source_error(error, path, "read the folder") from error
        self._take_attributes(fresh, facts, path, policy)
        # Each pending folder carries the (device, inode) of those above: a followed symlink may not meet them again.
        pending: list[_Pending] = [(fresh, path, ((facts.st_dev, facts.st_ino),))]
        while pending:
            directory, folder, above = pending.pop()
            pending.extend(self._take_folder(directory, folder, above, policy))
        return fresh

    def _take_attributes(
        self, directory: Directory, facts: os.stat_result, path: str, policy: TreePolicy
    ) -> None:
        directory.mode = facts.st_mode
        if policy.directory_mode is not None:
            directory.mode = stat.S_IFDIR | policy.directory_mode
        directory.uid = facts.st_uid if policy.uid is None else policy.uid
        directory.gid = facts.st_gid if policy.gid is None else policy.gid
        directory.mtime_ns = self.clamp(facts.st_mtime_ns, path)

    def _take_folder(
        self, directory: Directory, path: str, above: tuple[tuple[int, int], ...], policy: TreePolicy
    ) -> list[_Pending]:
        try:
            descriptor = open_folder(path)
        except OSError as error:
            self._unreadable(source_error(error, path, "read the folder"), path, policy)
            return []
        try:
            return self._take_entries(directory, path, descriptor, above, policy)
        except OSError as error:
            raise source_error(error, path, "read the folder") from error
        finally:
            os.close(descriptor)

    def _take_entries(
        self,
        directory: Directory,
        path: str,
        descriptor: int,
        above: tuple[tuple[int, int], ...],
        policy: TreePolicy,
    ) -> list[_Pending]:
        rows: list[_Row] = []
        links: dict[str, LinkGroup] = {}
        symlinks: dict[str, str] = {}
        folders: list[_Pending] = []
        follow = policy.symlinks == "follow"
        latest = self._latest
        root = self._user == 0
        excludes = policy.exclusions is not None
        with os.scandir(descriptor) as entries:
            for entry in entries:
                name = entry.name
                if excludes and policy.hides(f"{path}/{name}", entry):
                    continue
                try:
                    facts = entry.stat(follow_symlinks=False)
                    mode = facts.st_mode
                    if stat.S_ISLNK(mode) and follow:
                        facts = os.stat(name, dir_fd=descriptor)
                        mode = facts.st_mode
                except FileNotFoundError as error:
                    if follow and entry.is_symlink():
                        self._log.add("dangling symlink left out", f"{path}/{name}")
                    else:
                        raise source_error(error, f"{path}/{name}", "look at") from error
                    continue
                except OSError as error:
                    self._unreadable(
                        source_error(error, f"{path}/{name}", "look at"), f"{path}/{name}", policy
                    )
                    continue
                mtime = facts.st_mtime_ns
                if not _EARLIEST_NS <= mtime <= latest:
                    mtime = self.clamp(mtime, f"{path}/{name}")
                if stat.S_ISREG(mode):
                    if not root and not self._may_read(facts, name, descriptor):
                        denied = source_error(
                            PermissionError(13, "permission denied"), f"{path}/{name}", "read"
                        )
                        self._unreadable(denied, f"{path}/{name}", policy)
                        continue
                    if not facts.st_size:
                        self.check_empty(facts, name, f"{path}/{name}", descriptor)
                    rows.append((name, facts.st_size, mtime, mode, facts.st_uid, facts.st_gid))
                    if facts.st_nlink > 1 and policy.hard_links == "keep":
                        links[name] = self._links.setdefault((facts.st_dev, facts.st_ino), LinkGroup())
                elif stat.S_ISDIR(mode):
                    key = (facts.st_dev, facts.st_ino)
                    if key in above:
                        self._log.add("folder that contains itself left out", f"{path}/{name}")
                        continue
                    child = Directory(name, directory)
                    directory.add_directory(child)
                    self._take_attributes(child, facts, f"{path}/{name}", policy)
                    folders.append((child, f"{path}/{name}", (*above, key) if follow else above))
                elif stat.S_ISLNK(mode):
                    if policy.symlinks == "skip":
                        self._log.add("symlink left out", f"{path}/{name}")
                        continue
                    symlinks[name] = os.readlink(name, dir_fd=descriptor)
                    rows.append((name, 0, mtime, mode, facts.st_uid, facts.st_gid))
                else:
                    self._special(f"{path}/{name}", policy)
        self._store(directory, path, rows, links, symlinks)
        _override(directory, policy)
        return folders

    def _store(
        self,
        directory: Directory,
        path: str,
        rows: list[_Row],
        links: dict[str, LinkGroup],
        symlinks: dict[str, str],
    ) -> None:
        rows.sort()
        if rows:
            names, sizes, mtimes, modes, uids, gids = zip(*rows, strict=True)
            directory.names.extend(names)
            for column, values in (
                (directory.sizes, sizes),
                (directory.mtimes, mtimes),
                (directory.modes, modes),
                (directory.uids, uids),
                (directory.gids, gids),
            ):
                column.extend(array(column.typecode, values))
        if links or symlinks:
            places = {name: row for row, name in enumerate(directory.names)}
            directory.groups.update({places[name]: group for name, group in links.items()})
            directory.symlinks.update({places[name]: target for name, target in symlinks.items()})
        directory.origin = path

    def _may_read(self, facts: os.stat_result, name: str, descriptor: int) -> bool:
        """Ask the mode bits first: they decide at once for nearly every file, and an access() call costs more."""
        if facts.st_uid == self._user:
            allowed = facts.st_mode & stat.S_IRUSR
        elif facts.st_gid in self._groups:
            allowed = facts.st_mode & stat.S_IRGRP
        else:
            allowed = facts.st_mode & stat.S_IROTH
        return bool(allowed) or os.access(name, os.R_OK, dir_fd=descriptor)

    def _unreadable(self, error: SourceError, path: str, policy: TreePolicy) -> None:
        if policy.unreadable == "error":
            raise error from error.__cause__
        self._log.add("unreadable, left out", path)

    def _special(self, path: str, policy: TreePolicy) -> None:
        if policy.special == "error":
            raise SourceError(
                f"{printable(path)} is a device, socket or pipe, which an image of files does not hold; "
                "leave it out (special='skip')",
                path=path,
            )
        self._log.add("device, socket or pipe left out", path)


def _override(directory: Directory, policy: TreePolicy) -> None:
    """Give the rows of a directory that was just filled what the policy has in place of the host's attributes."""
    count = len(directory.names)
    if policy.uid is not None:
        directory.uids = array("I", [policy.uid]) * count
    if policy.gid is not None:
        directory.gids = array("I", [policy.gid]) * count
    if policy.file_mode is not None:
        for row, mode in enumerate(directory.modes):
            if stat.S_ISREG(mode):
                directory.modes[row] = stat.S_IFREG | policy.file_mode
