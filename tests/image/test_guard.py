"""The guard: one work at a time, and the clean-up once, by whoever comes last."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from aioimapi.image._guard import ThreadGuard


def test_work_waits_for_work_and_the_last_one_cleans_up() -> None:
    events: list[str] = []
    began, go = threading.Event(), threading.Event()
    guard = ThreadGuard(lambda: events.append("clean"))

    def first() -> None:
        began.set()
        go.wait(5)
        events.append("first")

    with ThreadPoolExecutor(2) as threads:
        threads.submit(guard.run, first)
        began.wait(5)
        second = threads.submit(guard.run, lambda: events.append("second"))
        threading.Event().wait(0.01)
        assert events == []
        go.set()
        second.result(5)
    assert events == ["first", "second"]
    guard.close()
    guard.close()
    guard.run(lambda: events.append("late"))
    assert events == ["first", "second", "clean"]


def test_closing_while_work_runs_leaves_the_clean_up_to_it() -> None:
    events: list[str] = []
    guard = ThreadGuard(lambda: events.append("clean"))

    def work() -> None:
        guard.close()
        events.append("work")

    guard.run(work)
    assert events == ["work", "clean"]
    assert guard.closed
