"""Closing what a worker thread may still be using.

A native ``Task.cancel`` lets a task go on while its worker thread still runs (anyio's shield does not hold it).
Closing a descriptor then would hand its number to somebody else in the middle of a read. So whoever comes last closes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable


class ThreadGuard:
    """Runs work in threads, one at a time, and the clean-up once: at the closing, or when the work then running ends.

    Args:
        clean_up: Closes what the work uses.
    """

    def __init__(self, clean_up: Callable[[], None]) -> None:
        self._clean_up = clean_up
        self._mutex = threading.Lock()
        self._running = False
        self._closed = False

    def run(self, work: Callable[[], object]) -> None:
        """Do the work, in the calling thread; not at all once closed."""
        if not self._begin():
            return
        try:
            work()
        finally:
            self._end()

    def _begin(self) -> bool:
        with self._mutex:
            self._running = not self._closed
            return self._running

    def _end(self) -> None:
        with self._mutex:
            self._running = False
            last = self._closed
        if last:
            self._clean_up()

    def close(self) -> None:
        """Clean up, now or when the running work ends. Never waits; closing twice is allowed."""
        with self._mutex:
            now = not self._running and not self._closed
            self._closed = True
        if now:
            self._clean_up()
