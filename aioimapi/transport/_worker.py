"""A thread of its own for each drive, that runs blocking calls one after the other.

Why not anyio's worker threads:

- On asyncio they are not daemon threads: a command that hangs in the kernel would hold up the end of the
  process. This thread is one; the interpreter leaves without it.
- Python's signal handlers interrupt system calls. An SG_IO on a Linux sg node that a signal interrupts
  returns to be started again, and the drive gets the same WRITE twice. This thread blocks every signal.
- Native asyncio cancellation (``asyncio.timeout``, ``Task.cancel``) passes anyio's shield and frees its
  limiter while the call still runs; the next command would then meet it inside the drive. Here only one
  thread ever sends commands, whatever happened to their callers, so no two can overlap.

A call that has not begun is withdrawn when its caller is cancelled. One that has begun is waited for, since
nothing can stop it, and then the cancellation goes on. With native asyncio a *second* cancellation breaks
this wait; the call still runs to its end, its outcome is kept, and later calls wait behind it.
"""

from __future__ import annotations

import contextlib
import enum
import signal
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Generic, Protocol, TypeVar, cast

import anyio
from anyio.lowlevel import current_token

T = TypeVar("T")


class _Post(Protocol):
    """Run a function in the event loop, from any thread, without waiting for it."""

    def __call__(self, function: Callable[[], object], /) -> object: ...


def _current_loop() -> _Post:
    """Return how to reach the running event loop from another thread."""
    # Any: the token is trio's or asyncio's own object, and anyio has no call that posts without waiting.
    # anyio 4.11 wrapped the token.
    token: Any = current_token()
    native = getattr(token, "native_token", token)
    post = getattr(native, "run_sync_soon", None) or native.call_soon_threadsafe
    return cast("_Post", post)


class _State(enum.Enum):
    QUEUED = enum.auto()
    RUNNING = enum.auto()
    WITHDRAWN = enum.auto()
    DONE = enum.auto()


class _Call(Generic[T]):
    """One function on its way through the thread."""

    __slots__ = ("_error", "_function", "_lock", "_post", "_result", "_state", "done")

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._post = _current_loop()
        self._lock = threading.Lock()
        self._state = _State.QUEUED
        self._result: T | None = None
        self._error: BaseException | None = None
        self.done = anyio.Event()

    def run(self) -> None:
        """Do it; in the worker's thread."""
        with self._lock:
            if self._state is _State.WITHDRAWN:
                return
            self._state = _State.RUNNING
        try:
            self._result = self._function()
        except BaseException as error:  # noqa: BLE001 - handed over to the caller, whatever it is
            self._error = error
        self._state = _State.DONE
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._post(self.done.set)

    def withdraw(self) -> bool:
        """Take it out of the queue; False where it has begun."""
        with self._lock:
            if self._state is _State.QUEUED:
                self._state = _State.WITHDRAWN
            return self._state is _State.WITHDRAWN

    def outcome(self) -> T:
        """Return or raise what the function returned or raised."""
        error = self._error
        if error is not None:
            try:
                raise error
            finally:
                # The traceback refers to this frame, and so to the error: without this a cycle keeps buffers
                # alive.
                self._error = None
                del error
        return cast("T", self._result)


class Worker:
    """A daemon thread that runs calls in the order in which they came. It starts with the first of them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._calls: SimpleQueue[_Call[Any] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[[], T], on_cancel: Callable[[], None]) -> T:
        """Run a function in the thread, after all earlier ones.

        Args:
            function: What to run.
            on_cancel: Called at once when the caller is cancelled while the function runs, to have it end
                early.

        Returns:
            What the function returned.

        Cancellation:
            See the module: withdrawn before it begins, waited for after.
        """
        call = _Call(function)
        self._put(call)
        try:
            await call.done.wait()
        except GeneratorExit:  # the event loop is gone, and with it all waiting
            call.withdraw()
            on_cancel()
            raise
        except BaseException:
            if not call.withdraw():
                on_cancel()
                with anyio.CancelScope(shield=True):
                    await call.done.wait()
            raise
        return call.outcome()

    def run_last(self, function: Callable[[], object]) -> anyio.Event:
        """Queue the last function; the thread ends after it. Later calls would never run.

        Returns:
            An event that is set when the function has ended.
        """
        call = _Call(function)
        self._put(call)
        self._calls.put(None)
        return call.done

    def _put(self, call: _Call[T]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name=f"aioimapi {self._name}", daemon=True)
            self._thread.start()
        self._calls.put(call)

    def _loop(self) -> None:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        while (call := self._calls.get()) is not None:
            call.run()
            del call  # or it keeps its buffers alive until the next one comes
