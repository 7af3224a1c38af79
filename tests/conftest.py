"""What every test shares: the two event loops."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# The same examples on every run and no clocks: a slow machine, or chance, never fails the suite.
settings.register_profile(
    "suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(
    params=[
        pytest.param(("asyncio", {"debug": True}), id="asyncio"),
        pytest.param(("trio", {}), id="trio"),
    ]
)
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    """Run each test marked ``anyio`` on asyncio (in debug mode) and on trio."""
    backend: tuple[str, dict[str, Any]] = request.param
    return backend
