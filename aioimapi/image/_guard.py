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
        self._clean_up: Callable[[], None] | None = clean_up
        self._turn = threading.Lock()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def run(self, work: Callable[[], object]) -> None:
        """Do the work, in the calling thread, once no other work runs; not at all once closed."""
        try:
            with self._turn:
                if not self._closed:
                    work()
        finally:
            if self._closed:
                self.close()

    def close(self) -> None:
        """Clean up, now or when the running work ends. Never waits; closing twice is allowed."""
        self._closed = True
        if self._turn.acquire(blocking=False):  # else whoever holds it comes here behind it
            try:
                clean_up, self._clean_up = self._clean_up, None
                if clean_up is not None:
                    clean_up()
            finally:
                self._turn.release()
