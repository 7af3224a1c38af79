"""Who the drive is and whether it is ready: INQUIRY, TEST UNIT READY, REQUEST SENSE, unknown commands (SPC-4 6)."""

from __future__ import annotations

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc import Inquiry, RequestSense, SenseData, SupportedPages, TestUnitReady
from aioimapi.testing._drive._probe import INVALID_FIELD, INVALID_OPCODE, Check, Probe, raw, wrong

_INQUIRY = "SPC-4 6.6"
_NOT_READY = 2
_NO_DISC = 0x3A


async def inquiry(p: Probe) -> None:
    """Look at the standard INQUIRY data."""
    data = await p.good(Inquiry(255), _INQUIRY)
    if data is None:
        return
    if not p.expect(len(data) >= 36, f"{len(data)} bytes of INQUIRY data came; 36 are mandatory", _INQUIRY):
        return
    p.expect(data[0] == 5, f"byte 0 is {data[0]:02X}h; 05h is a connected optical drive", _INQUIRY)
    p.expect(data[1] & 0x80, "RMB is 0; discs can be taken out of the drive", _INQUIRY)
    p.expect(data[3] & 0x0F == 2, f"the response data format is {data[3] & 0x0F}, not 2", _INQUIRY)
    p.measure(data, min(data[4] + 5, 255), "INQUIRY", _INQUIRY)
    names = data[8:36]
    if any(not 0x20 <= byte <= 0x7E for byte in names):
        p.deviation(
            f"vendor, product and revision are not ASCII padded with blanks: {names!r}", clause=_INQUIRY
        )
    await p.refused(
        wrong(Inquiry(36), (2, 0x80)), "INQUIRY for a page without EVPD", at=(1, 2), clause=_INQUIRY
    )


async def vital_product_data(p: Probe) -> None:
    """Look at the vital product data pages."""
    listed = await p.optional(Inquiry(255, vital_product_data=True))
    if listed is None:
        p.note(
            "the drive has no vital product data; SPC-4 makes pages 00h and 83h mandatory", clause="SPC-4 7.8"
        )
        return
    try:
        pages = SupportedPages.parse(p.measure(listed, 4 + listed[3], "page 00h", "SPC-4 7.8")).pages
    except RemoteProtocolError as error:
        p.fault(f"page 00h: {error}", clause="SPC-4 7.8")
        return
    p.expect(
        0 in pages, f"page 00h does not list itself: {[f'{page:02X}h' for page in pages]}", "SPC-4 7.8.13"
    )
    if list(pages) != sorted(set(pages)):
        p.deviation(f"the pages are not listed in ascending order: {list(pages)}", clause="SPC-4 7.8.13")
    for page in pages:
        data = await p.good(Inquiry(0xFFFF >> 8, vital_product_data=True, page_code=page), "SPC-4 7.8")
        if data is not None and p.expect(len(data) >= 4, f"page {page:02X}h has {len(data)} bytes"):
            p.expect(
                data[1] == page, f"page {data[1]:02X}h came where {page:02X}h was asked for", "SPC-4 7.8"
            )
    missing = next(page for page in range(0xBF, 0, -1) if page not in pages)
    await p.refused(
        Inquiry(255, vital_product_data=True, page_code=missing),
        f"INQUIRY for page {missing:02X}h, which is not listed",
        at=(1, 2),
        clause=_INQUIRY,
    )


async def test_unit_ready(p: Probe) -> None:
    """TEST UNIT READY is GOOD, or says why not, and says the same again."""
    answer = await p.send(TestUnitReady())
    if not answer.good:
        triple = answer.triple
        p.expect(
            triple is not None and triple[0] == _NOT_READY,
            f"TEST UNIT READY was answered with {answer.describe()}",
            "SPC-4 6.49",
            answer,
        )
        if triple is not None and triple[:2] != (_NOT_READY, _NO_DISC):
            p.note(f"the drive is not ready: {answer.describe()}", answer)
    again = await p.send(TestUnitReady())
    p.expect(
        again.triple == answer.triple,
        f"TEST UNIT READY was answered with {answer.describe()}, then with {again.describe()}",
        "SPC-4 6.49",
        again,
    )


async def request_sense(p: Probe) -> None:
    """REQUEST SENSE ends with GOOD in every state, and its data can be read."""
    await p.send(TestUnitReady())
    answer = await p.once(RequestSense())
    if not p.expect(answer.good, "REQUEST SENSE did not end with GOOD", "SPC-4 6.39", answer):
        return
    try:
        sense = SenseData.parse(answer.data)
    except RemoteProtocolError as error:
        p.fault(f"REQUEST SENSE: {error}", answer, "SPC-4 4.5")
        return
    p.expect(
        sense.key in (0, 2, 5),
        f"REQUEST SENSE tells {sense.describe()} where nothing is pending",
        "SPC-4 6.39",
    )
    if answer.data[0] & 0x7F == 0x70:
        p.measure(answer.data, min(252, answer.data[7] + 8), "REQUEST SENSE", "SPC-4 4.5.3")
    short = await p.once(RequestSense(8))
    p.expect(
        short.good and short.data == answer.data[:8],
        f"REQUEST SENSE with 8 bytes brought {short.data.hex(' ')}",
        "SPC-4 4.2.5.6",
        short,
    )


async def unknown_commands(p: Probe) -> None:
    """Operation codes that no optical drive has are refused, and nothing else happens."""
    for cdb in (bytes((0x02, 0, 0, 0, 0, 0)), bytes((0x7E,)) + bytes(15), bytes((0x3D,)) + bytes(9)):
        await p.refused(
            raw(cdb),
            f"the unknown operation code {cdb[0]:02X}h",
            codes=(INVALID_OPCODE,),
            clause="SPC-4 4.3",
        )
    await p.refused(
        raw(bytes((0x02, 0, 0, 0, 0, 0)), 64),
        "an unknown operation code with a data phase",
        codes=(INVALID_OPCODE,),
        clause="SPC-4 4.3",
    )
    await p.refused(
        raw(bytes((0x00, 0, 0, 0x01, 0, 0))),
        "TEST UNIT READY with a reserved byte set",
        codes=(INVALID_FIELD,),
        at=(3,),
        clause="SPC-4 4.3.3",
    )
    await p.good(Inquiry(36), _INQUIRY)


CHECKS = (
    Check("inquiry", "standard INQUIRY data", inquiry),
    Check("vital-product-data", "vital product data pages", vital_product_data),
    Check("test-unit-ready", "TEST UNIT READY", test_unit_ready),
    Check("request-sense", "REQUEST SENSE", request_sense),
    Check("unknown-commands", "operation codes and bits that are reserved", unknown_commands),
)
