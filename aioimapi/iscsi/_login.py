"""The login phase (RFC 7143, section 6.3): who comes, what for, and on which terms. No I/O and no clock.

::

    security (0) ──AuthMethod, CHAP──> operational (1) ──keys──> full feature phase (3)
                 └───────────────────────────────────────────────^
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Final

import attrs

from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._chap import Chap, ChapExchange, ChapRefusedError
from aioimapi.iscsi._keys import (
    DECLARED,
    MAX_DATA_SEGMENT,
    MAX_TEXT,
    KeysRefusedError,
    Parameters,
    encode_text,
    negotiate,
    parse_text,
)
from aioimapi.iscsi._pdu import LoginRequest, Numbers, login_response

SECURITY: Final = 0
OPERATIONAL: Final = 1
FULL_FEATURE: Final = 3
MAX_REQUESTS: Final = 64
"""Requests that one login may take; honest ones take six at most."""

_MAX_NAME: Final = 223


class LoginStatus(enum.IntEnum):
    """Class and detail of a login response (RFC 7143 11.13.5)."""

    SUCCESS = 0x0000
    INITIATOR_ERROR = 0x0200
    AUTHENTICATION_FAILURE = 0x0201
    NOT_FOUND = 0x0203
    REMOVED = 0x0204
    UNSUPPORTED_VERSION = 0x0205
    TOO_MANY_CONNECTIONS = 0x0206
    MISSING_PARAMETER = 0x0207
    SESSION_TYPE = 0x0209
    NO_SESSION = 0x020A
    INVALID_REQUEST = 0x020B
    TARGET_ERROR = 0x0300
    UNAVAILABLE = 0x0301
    OUT_OF_RESOURCES = 0x0302


class LoginRefusedError(Exception):
    """The login ends with a status; it never leaves the room."""

    def __init__(self, status: LoginStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


@attrs.frozen
class Identity:
    """Who has logged in, and to what.

    Attributes:
        initiator: The initiator's name.
        isid: Its session identifier; name, ISID and target together name a session (RFC 7143 4.4.1).
        target: The target's name; empty in a discovery session.
        user: The name that CHAP has proved; empty without CHAP.
        connection: The connection's identifier, CID.
    """

    initiator: str
    isid: bytes
    target: str
    user: str
    connection: int


class Login:
    """One login. Give it each request and send what it returns.

    Args:
        admit: Called with the initiator's name, its ISID, and the target's name (empty for discovery) as soon as they
            are known; raises :class:`LoginRefusedError` where there is no such target, or no room.
        chap: Who may come in; None lets everybody in.
        tsih: The handle that the session will have.
        window: How many commands may be under way.

    Attributes:
        identity: Who has logged in, once the login is done.
        parameters: On which terms.
        failed: Why it was refused, once it was.
        command_number: The first command's number, ExpCmdSN.
        status_number: The next status's number, StatSN.
    """

    def __init__(
        self, admit: Callable[[str, bytes, str], None], chap: Chap | None, *, tsih: int, window: int
    ) -> None:
        self._admit = admit
        self._chap = chap
        self._exchange: ChapExchange | None = None
        self._tsih = tsih
        self._window = window
        self._stage: int | None = None
        self._first: LoginRequest | None = None
        self._names: tuple[str, str] | None = None
        self._text = bytearray()
        self._requests = 0
        self._declared = False
        self._answered: set[str] = set()
        self.parameters = Parameters()
        self.identity: Identity | None = None
        self.failed = ""
        self.command_number = 0
        self.status_number = 1

    @property
    def stage(self) -> int | None:
        """The stage that the login is in; None before the first request."""
        return self._stage

    def receive(self, request: LoginRequest) -> bytes:
        """Take a request and return the response to send."""
        try:
            self._check(request)
            self._text += request.data
            if request.more:
                return self._respond(request, {})
            keys = parse_text(bytes(self._text))
            self._text.clear()
            answers = self._introduce(request, keys)
            transit = self._negotiate(request, keys, answers)
        except LoginRefusedError as error:
            return self._refuse(request, error.status, str(error))
        except ChapRefusedError as error:
            return self._refuse(request, LoginStatus.AUTHENTICATION_FAILURE, str(error))
        except (KeysRefusedError, BrokenPduError) as error:
            return self._refuse(request, LoginStatus.INITIATOR_ERROR, str(error))
        if not transit:
            return self._respond(request, answers)
        self._stage = request.next_stage
        if self._stage == FULL_FEATURE:
            assert self._names is not None
            user = self._exchange.user if self._exchange is not None else ""
            self.identity = Identity(*_named(self._names, request), user=user, connection=request.connection)
        return self._respond(request, answers, transit=True)

    def _check(self, request: LoginRequest) -> None:
        """Refuse what is out of order."""
        self._requests += 1
        if request.version_min > 0:
            raise LoginRefusedError(
                LoginStatus.UNSUPPORTED_VERSION, f"the initiator wants version {request.version_min}"
            )
        if self._first is None:
            self._first = request
            self._stage = request.stage
            self.command_number = request.number
            if request.tsih:
                raise LoginRefusedError(
                    LoginStatus.NO_SESSION, "the session has one connection only, or does not exist"
                )
        first = self._first
        same = (request.isid, request.tsih, request.connection, request.number, request.task_tag) == (
            first.isid,
            first.tsih,
            first.connection,
            first.number,
            first.task_tag,
        )
        ahead = not request.transit or (
            request.next_stage > request.stage and request.next_stage in {OPERATIONAL, FULL_FEATURE}
        )
        orderly = request.stage == self._stage and request.stage in {SECURITY, OPERATIONAL}
        if not (same and ahead and orderly) or (request.transit and request.more):
            raise LoginRefusedError(LoginStatus.INVALID_REQUEST, "a login request is out of order")
        if self._requests > MAX_REQUESTS or len(self._text) + len(request.data) > MAX_TEXT:
            raise LoginRefusedError(LoginStatus.OUT_OF_RESOURCES, "the login takes too long")

    def _introduce(self, request: LoginRequest, keys: Mapping[str, str]) -> dict[str, str]:
        """Learn from the first request who comes and for what."""
        if self._names is not None:
            return {}
        initiator, target = keys.get("InitiatorName", ""), keys.get("TargetName", "")
        kind = keys.get("SessionType", "Normal")
        if kind not in {"Normal", "Discovery"}:
            raise LoginRefusedError(LoginStatus.SESSION_TYPE, f"there is no SessionType {kind[:80]}")
        if kind == "Discovery":
            target = ""
        elif not target:
            raise LoginRefusedError(LoginStatus.MISSING_PARAMETER, "the first request has no TargetName")
        if not initiator or len(initiator.encode()) > _MAX_NAME:
            raise LoginRefusedError(LoginStatus.MISSING_PARAMETER, "the first request has no InitiatorName")
        self._admit(initiator, request.isid, target)
        self._names = initiator, target
        return {"TargetPortalGroupTag": "1"} if target else {}

    def _negotiate(self, request: LoginRequest, keys: dict[str, str], answers: dict[str, str]) -> bool:
        """Answer the keys of a request and say whether it may go to the next stage."""
        if not self._answered.isdisjoint(keys):
            raise LoginRefusedError(LoginStatus.INITIATOR_ERROR, "a key is negotiated a second time")
        self._answered.update(keys.keys() - DECLARED)
        security = {
            key: keys.pop(key) for key in list(keys) if key == "AuthMethod" or key.startswith("CHAP_")
        }
        answer, self.parameters = negotiate(keys, self.parameters)
        answers.update(answer)
        if self._stage == SECURITY:
            answers.update(self._authenticate(security))
            return request.transit and self._authenticated
        if not self._authenticated:
            raise LoginRefusedError(
                LoginStatus.AUTHENTICATION_FAILURE, "the initiator leaves authentication out"
            )
        if not self._declared:
            self._declared = True
            answers["MaxRecvDataSegmentLength"] = str(MAX_DATA_SEGMENT)
            self.parameters = attrs.evolve(self.parameters, segment_to_target=MAX_DATA_SEGMENT)
        return request.transit

    @property
    def _authenticated(self) -> bool:
        return self._chap is None or (self._exchange is not None and self._exchange.done)

    def _authenticate(self, keys: Mapping[str, str]) -> dict[str, str]:
        offered = keys.get("AuthMethod")
        if offered is None:
            return {} if self._exchange is None or self._exchange.done else self._exchange.step(keys)
        ours = "None" if self._chap is None else "CHAP"
        if ours not in offered.split(","):
            raise LoginRefusedError(
                LoginStatus.AUTHENTICATION_FAILURE, f"AuthMethod={offered[:80]}: this target takes {ours}"
            )
        if self._chap is not None:
            self._exchange = ChapExchange(self._chap)
        return {"AuthMethod": ours}

    def _numbers(self) -> Numbers:
        number, self.status_number = self.status_number, self.status_number + 1 & 0xFFFFFFFF
        return Numbers(number, self.command_number, self.command_number + self._window - 1 & 0xFFFFFFFF)

    def _respond(self, request: LoginRequest, answers: dict[str, str], *, transit: bool = False) -> bytes:
        tsih = self._tsih if self.identity is not None else request.tsih
        return login_response(request, self._numbers(), encode_text(answers), tsih=tsih, transit=transit)

    def _refuse(self, request: LoginRequest, status: LoginStatus, message: str) -> bytes:
        self.failed = message
        return login_response(request, self._numbers(), b"", tsih=request.tsih, status=status)


def _named(names: tuple[str, str], request: LoginRequest) -> tuple[str, bytes, str]:
    return names[0], request.isid, names[1]
