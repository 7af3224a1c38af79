"""Whatever is done to an image, reading it ends soon, and with nothing but the package's own errors."""

from __future__ import annotations

import random
import time

import golden
import pytest

from aioimapi.errors import ImapiError
from aioimapi.fs.read import PREFERENCE, WalkGuard

MUTATIONS = 120


def walk(source: golden.Sectors, kind: str) -> None:
    found, context = golden.opened(source, kind)
    guard = WalkGuard(context)
    stack = [(found.file_system.root, 0)]
    while stack:
        directory, depth = stack.pop()
        if not guard.admits(directory, depth):
            continue
        try:
            entries = golden.run(found.file_system.children(directory), source, guard)
        except ImapiError:
            if guard.exhausted:
                raise
            continue
        for entry in entries:
            assert entry.name not in ("", ".", "..")
            assert "/" not in entry.name
            assert "\0" not in entry.name
            assert entry.path.endswith(entry.name)
            assert entry.size >= 0
            assert sum(size for _, size in entry.extents) >= entry.size or entry.fault or entry.is_directory
            if entry.is_directory:
                stack.append((entry, depth + 1))
    assert len(context.findings.sentences()) < 500


@pytest.mark.parametrize("name", golden.NAMES)
def test_random_damage(name: str) -> None:
    chance = random.Random(name)
    intact = golden.load(name)
    for _ in range(MUTATIONS):
        source = golden.Sectors(intact.sector_count, dict(intact.content))
        golden.mutate(source, chance)
        for kind in ("auto", *PREFERENCE):
            started = time.perf_counter()
            try:
                walk(source, kind)
            except ImapiError as error:
                assert str(error)  # noqa: PT017
            assert time.perf_counter() - started < 10


@pytest.mark.parametrize("name", golden.NAMES)
def test_an_image_cut_anywhere(name: str) -> None:
    intact = golden.load(name)
    chance = random.Random(7)
    for _ in range(20):
        source = golden.Sectors(chance.randrange(1, min(intact.sector_count, 2000)), dict(intact.content))
        for kind in ("auto", *PREFERENCE):
            try:
                walk(source, kind)
            except ImapiError as error:
                assert str(error)  # noqa: PT017
