"""Task groups whose callers see single errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import TaskGroup


def sole_error(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the one error that a group holds, however deep, or the group where it holds several."""
    inner: BaseException = group
    while isinstance(inner, BaseExceptionGroup) and len(inner.exceptions) == 1:
        inner = inner.exceptions[0]
    return inner


@asynccontextmanager
async def task_group() -> AsyncIterator[TaskGroup]:
    """Open a task group that raises a single error as itself, not in a group of one.

    Cancellation:
        As any task group: its tasks are cancelled and waited for.
    """
    failure: BaseException
    try:
        async with anyio.create_task_group() as tasks:
            yield tasks
        return
    except BaseExceptionGroup as group:
        failure = sole_error(group)
    try:
        raise failure
    finally:
        del failure  # its traceback holds this frame: a ring that only the collector would open


__all__ = ("sole_error", "task_group")
