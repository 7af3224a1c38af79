"""A drive opens, answers and closes."""

from __future__ import annotations

import pytest

from aioimapi.drive import Drive
from aioimapi.mmc import Command, Inquiry, InquiryData
from aioimapi.testing import ScriptedTransport
from aioimapi.transport import Reply

pytestmark = pytest.mark.anyio


async def test_the_drive_tells_who_it_is() -> None:
    said = InquiryData(vendor="HL-DT-ST", product="BD-RE BU40N", revision="1.03").to_bytes()

    def answer(command: Command, data: memoryview | None) -> Reply:
        assert isinstance(command, Inquiry)
        assert data is not None
        data[: len(said)] = said
        return Reply(0, residual=len(data) - len(said))

    transport = ScriptedTransport(answer)
    drive = Drive(transport)
    try:
        assert (await drive.inquiry()).name == "HL-DT-ST BD-RE BU40N 1.03"
        assert (await drive.inquiry()).vendor == "HL-DT-ST"
    finally:
        await drive.aclose()
    assert transport.commands == [Inquiry()]
    assert transport.closed == 1
