"""Logging in: stages, keys, CHAP one way and both ways, and what is refused with which status."""

from __future__ import annotations

import pytest

from aioimapi import iscsi
from aioimapi.errors import LocalProtocolError
from aioimapi.iscsi._chap import ChapExchange
from aioimapi.iscsi._keys import KeysRefusedError, Parameters, negotiate

from .conftest import TARGET
from .initiator import (
    NAME,
    OPERATIONAL,
    TEST_UNIT_READY,
    Initiator,
    Pdu,
    chap_response,
    connect,
    logged_in,
)

pytestmark = pytest.mark.anyio

HELLO = {"InitiatorName": NAME, "SessionType": "Normal", "TargetName": TARGET, "AuthMethod": "None"}
CHAP = iscsi.Chap({"alice": "alice's own secret"}, "the-target", "what the target knows")


def status(pdu: Pdu) -> int:
    assert pdu.opcode == 0x23
    return pdu.word(36) >> 16


async def test_the_answers_to_the_operational_keys(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, logged_in(server.port, TARGET) as host:
        assert host.agreed == {
            "HeaderDigest": "None",
            "DataDigest": "None",
            "InitialR2T": "No",
            "ImmediateData": "Yes",
            "MaxBurstLength": "262144",
            "FirstBurstLength": "65536",
            "MaxConnections": "1",
            "ErrorRecoveryLevel": "0",
            "DefaultTime2Wait": "2",
            "DefaultTime2Retain": "0",
            "MaxOutstandingR2T": "1",
            "DataPDUInOrder": "Yes",
            "DataSequenceInOrder": "Yes",
            "MaxRecvDataSegmentLength": "262144",
        }


@pytest.mark.parametrize(
    ("offers", "answers", "agreed"),
    [
        ({"MaxBurstLength": "0x40000"}, {"MaxBurstLength": "262144"}, {"max_burst": 262144}),
        ({"FirstBurstLength": "16777215"}, {"FirstBurstLength": "262144"}, {"first_burst": 262144}),
        ({"InitialR2T": "Yes"}, {"InitialR2T": "Yes"}, {"initial_r2t": True}),
        ({"ImmediateData": "No"}, {"ImmediateData": "No"}, {"immediate_data": False}),
        ({"ErrorRecoveryLevel": "2"}, {"ErrorRecoveryLevel": "0"}, {}),
        ({"DefaultTime2Wait": "7"}, {"DefaultTime2Wait": "7"}, {}),
        ({"OFMarker": "Yes", "IFMarker": "No"}, {"OFMarker": "No", "IFMarker": "No"}, {}),
        ({"TaskReporting": "FastAbort,RFC3720"}, {"TaskReporting": "RFC3720"}, {}),
        ({"iSCSIProtocolLevel": "2"}, {"iSCSIProtocolLevel": "1"}, {}),
        ({"X-com.example.thing": "1"}, {"X-com.example.thing": "NotUnderstood"}, {}),
        ({"InitiatorAlias": "me"}, {}, {}),
        ({"MaxRecvDataSegmentLength": "512"}, {}, {"segment_to_initiator": 512}),
        ({"MaxBurstLength": "Irrelevant"}, {}, {}),
    ],
)
def test_each_key_is_settled_by_its_rule(
    offers: dict[str, str], answers: dict[str, str], agreed: dict[str, object]
) -> None:
    said, now = negotiate(offers, Parameters())
    assert said == answers
    assert {name: getattr(now, name) for name in agreed} == agreed


def test_digests_alone_are_refused() -> None:
    with pytest.raises(KeysRefusedError, match="HeaderDigest=CRC32C"):
        negotiate({"HeaderDigest": "CRC32C"}, Parameters())


async def test_a_login_may_leave_out_security_and_say_all_at_once(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, connect(server.port) as host:
        keys = {key: value for key, value in HELLO.items() if key != "AuthMethod"}
        done = await host.login_step({**keys, **OPERATIONAL}, stage=1, next_stage=3)
        assert (status(done), done.flags) == (0, 0x87)
        assert done.text["TargetPortalGroupTag"] == "1"
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


async def test_a_login_may_leave_out_the_operational_stage(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, connect(server.port) as host:
        done = await host.login_step(HELLO, stage=0, next_stage=3)
        assert (status(done), done.flags) == (0, 0x83)
        assert done.text == {"TargetPortalGroupTag": "1", "AuthMethod": "None"}
        assert (await host.read(TEST_UNIT_READY, 0)).status == 0


async def test_text_may_be_cut_anywhere(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, connect(server.port) as host:
        text = "".join(f"{key}={value}\0" for key, value in HELLO.items()).encode()
        for start in range(0, len(text) - 10, 10):
            part = await host.login_step(text[start : start + 10], stage=0, transit=False, more=True)
            assert (status(part), part.flags, part.data) == (0, 0, b"")
        rest = text[(len(text) - 11) // 10 * 10 + 10 :]
        done = await host.login_step(rest, stage=0, next_stage=3)
        assert (status(done), done.flags) == (0, 0x83)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"TargetName": TARGET + "x"}, 0x0203),
        ({"TargetName": ""}, 0x0207),
        ({"InitiatorName": ""}, 0x0207),
        ({"InitiatorName": "x" * 224}, 0x0207),
        ({"SessionType": "Party"}, 0x0209),
        ({"AuthMethod": "KRB5,SRP"}, 0x0201),
        ({"AuthMethod": "CHAP"}, 0x0201),
        ({"MaxBurstLength": "511"}, 0x0200),
        ({"MaxBurstLength": "many"}, 0x0200),
        ({"InitialR2T": "perhaps"}, 0x0200),
        ({"DataDigest": "CRC32C"}, 0x0200),
        ({"k" * 64: "v"}, 0x0200),
    ],
)
async def test_what_is_refused(disc: str, keys: dict[str, str], expected: int) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, connect(server.port) as host:
        answer = await host.login_step({**HELLO, **keys}, stage=0, next_stage=1)
        assert status(answer) == expected
        assert await host.is_dropped()


async def test_requests_out_of_order_are_refused(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server:
        async with connect(server.port) as host:  # a later version
            assert status(await host.login_step(HELLO, stage=0, next_stage=1, version=1)) == 0x0205
        async with connect(server.port) as host:  # a session that there is not
            assert status(await host.login_step(HELLO, stage=0, next_stage=1, tsih=77)) == 0x020A
        async with connect(server.port) as host:  # back to where it was
            await host.login_step(HELLO, stage=0, next_stage=1)
            assert status(await host.login_step({}, stage=0, next_stage=1)) == 0x020B
        async with connect(server.port) as host:  # a stage that there is not
            assert status(await host.login_step(HELLO, stage=0, next_stage=2)) == 0x020B
        async with connect(server.port) as host:  # no key with a value
            assert status(await host.login_step(b"nonsense\0", stage=0, next_stage=1)) == 0x0200
        async with connect(server.port) as host:  # a key that comes again
            await host.login_step(HELLO, stage=0, next_stage=1)
            await host.login_step({"MaxBurstLength": "4096"}, stage=1, transit=False)
            assert status(await host.login_step({"MaxBurstLength": "8192"}, stage=1, transit=False)) == 0x0200


async def test_an_endless_login_is_refused(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0) as server, connect(server.port) as host:
        answers = []
        for _ in range(65):
            answer = await host.login_step(b"", stage=0, transit=False, more=True)
            answers.append(status(answer))
            if answers[-1]:
                break
        assert answers == [0] * 64 + [0x0302]
        assert await host.is_dropped()


# --- CHAP -------------------------------------------------------------------------------------------


async def prove(
    host: Initiator, algorithm: str, user: str, secret: str, **more: str
) -> tuple[dict[str, str], Pdu]:
    """Lead a login through CHAP; return the challenge and the last answer."""
    first = await host.login_step({**HELLO, "AuthMethod": "CHAP,None"}, stage=0, transit=False)
    assert first.text["AuthMethod"] == "CHAP"
    challenge = (await host.login_step({"CHAP_A": algorithm}, stage=0, transit=False)).text
    response = chap_response(challenge["CHAP_A"], challenge["CHAP_I"], secret, challenge["CHAP_C"])
    answer = {"CHAP_N": user, "CHAP_R": response, **more}
    return challenge, await host.login_step(answer, stage=0, next_stage=1)


@pytest.mark.parametrize(("offered", "chosen"), [("5", "5"), ("5,6", "6"), ("6,7,5", "7"), ("5,8,99", "8")])
async def test_chap_lets_in_who_knows_the_secret(disc: str, offered: str, chosen: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0, chap=CHAP) as server, connect(server.port) as host:
        challenge, answer = await prove(host, offered, "alice", "alice's own secret")
        assert challenge["CHAP_A"] == chosen
        assert (status(answer), answer.flags) == (0, 0x81)
        done = await host.login_step(OPERATIONAL, stage=1, next_stage=3)
        assert status(done) == 0
        (session,) = server.sessions()
        assert (session.user, session.initiator) == ("alice", NAME)


async def test_mutual_chap_proves_the_target_as_well(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0, chap=CHAP) as server, connect(server.port) as host:
        _, answer = await prove(
            host, "7", "alice", "alice's own secret", CHAP_I="200", CHAP_C="0xfeedfacecafebeef"
        )
        assert (status(answer), answer.flags) == (0, 0x81)
        assert answer.text == {
            "CHAP_N": "the-target",
            "CHAP_R": chap_response("7", "200", "what the target knows", "0xfeedfacecafebeef"),
        }


async def test_base_64_is_understood() -> None:
    exchange = ChapExchange(CHAP)
    said = exchange.step({"CHAP_A": "5"})
    exchange_response = chap_response("5", said["CHAP_I"], "alice's own secret", said["CHAP_C"])
    import base64

    encoded = "0b" + base64.b64encode(bytes.fromhex(exchange_response[2:])).decode()
    exchange.step({"CHAP_N": "alice", "CHAP_R": encoded})
    assert exchange.user == "alice"


@pytest.mark.parametrize(
    ("user", "secret", "more"),
    [
        ("alice", "another secret", {}),
        ("bob", "alice's own secret", {}),
        ("", "alice's own secret", {}),
        ("alice", "alice's own secret", {"CHAP_C": "0x"}),
        ("alice", "alice's own secret", {"CHAP_I": "256", "CHAP_C": "0x00112233"}),
        ("alice", "alice's own secret", {"CHAP_I": "1", "CHAP_C": "0b!!!!"}),
    ],
)
async def test_chap_keeps_out_all_others(disc: str, user: str, secret: str, more: dict[str, str]) -> None:
    async with iscsi.serve({TARGET: disc}, port=0, chap=CHAP) as server, connect(server.port) as host:
        _, answer = await prove(host, "7", user, secret, **more)
        assert status(answer) == 0x0201
        assert await host.is_dropped()
        assert server.sessions() == ()


async def test_our_own_challenge_sent_back_is_refused(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0, chap=CHAP) as server, connect(server.port) as host:
        await host.login_step({**HELLO, "AuthMethod": "CHAP"}, stage=0, transit=False)
        challenge = (await host.login_step({"CHAP_A": "7"}, stage=0, transit=False)).text
        response = chap_response("7", challenge["CHAP_I"], "alice's own secret", challenge["CHAP_C"])
        keys = {"CHAP_N": "alice", "CHAP_R": response, "CHAP_I": "1", "CHAP_C": challenge["CHAP_C"]}
        assert status(await host.login_step(keys, stage=0, next_stage=1)) == 0x0201


async def test_authentication_cannot_be_left_out(disc: str) -> None:
    async with iscsi.serve({TARGET: disc}, port=0, chap=CHAP) as server:
        async with connect(server.port) as host:
            assert status(await host.login_step({**HELLO}, stage=0, next_stage=3)) == 0x0201
        async with connect(server.port) as host:
            keys = {key: value for key, value in HELLO.items() if key != "AuthMethod"}
            assert status(await host.login_step(keys, stage=1, next_stage=3)) == 0x0201
        async with connect(server.port) as host:  # no transit before the proof, however often it is asked for
            first = await host.login_step({**HELLO, "AuthMethod": "CHAP"}, stage=0, next_stage=3)
            assert (status(first), first.flags) == (0, 0)
            again = await host.login_step({}, stage=0, next_stage=3)
            assert (status(again), again.flags) == (0, 0)
        async with connect(server.port) as host:
            discovery = {"InitiatorName": NAME, "SessionType": "Discovery", "AuthMethod": "None"}
            assert status(await host.login_step(discovery, stage=0, next_stage=1)) == 0x0201


async def test_mutual_chap_without_an_own_name_is_refused(disc: str) -> None:
    one_way = iscsi.Chap({"alice": "alice's own secret"})
    async with iscsi.serve({TARGET: disc}, port=0, chap=one_way) as server, connect(server.port) as host:
        _, answer = await prove(host, "7", "alice", "alice's own secret", CHAP_I="1", CHAP_C="0x1122334455")
        assert status(answer) == 0x0201


@pytest.mark.parametrize(
    ("users", "name", "secret"),
    [
        ({}, "", ""),
        ({"alice": "short"}, "", ""),
        ({"": "long enough to be one"}, "", ""),
        ({"alice": "long enough to be one"}, "me", "short"),
        ({"alice": "long enough to be one"}, "me", "long enough to be one"),
    ],
)
def test_secrets_that_protect_nothing(users: dict[str, str], name: str, secret: str) -> None:
    with pytest.raises(LocalProtocolError):
        iscsi.Chap(users, name, secret)


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(CHAP).replace("secret=", "")
    assert "alice" in repr(CHAP)
    assert "knows" not in repr(CHAP)
