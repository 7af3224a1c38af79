"""The server: listeners, connections, sessions, targets."""

from __future__ import annotations

import ipaddress
import itertools
import logging
import re
import socket
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import anyio.lowlevel
import attrs
from anyio.abc import SocketAttribute, SocketListener, SocketStream, TaskGroup

from aioimapi._tasks import sole_error, task_group
from aioimapi.errors import LocalProtocolError, ServerAddressError, ServerNotSecureError
from aioimapi.iscsi._broken import BrokenPduError
from aioimapi.iscsi._chap import Chap
from aioimapi.iscsi._connection import Connection, log_in
from aioimapi.iscsi._limits import Limits
from aioimapi.iscsi._login import Identity, Login, LoginRefusedError, LoginStatus
from aioimapi.iscsi._session import WINDOW, Bounds, Session
from aioimapi.iscsi._stream import PduStream
from aioimapi.iscsi._unit import LogicalUnit
from aioimapi.transport import Transport, open_transport

logger = logging.getLogger("aioimapi.iscsi")

PORT = 3260
"""The port that IANA has given to iSCSI."""

ACCEPT_PAUSE_S = 0.1
REINSTATE_S = 5.0
"""How long a login waits for the session that it replaces to end."""

_NAME = re.compile(
    r"(iqn\.\d{4}-\d{2}\.[a-z0-9.-]+(:[^\s\x00-\x1f]+)?|eui\.[0-9A-Fa-f]{16}|naa\.[0-9A-Fa-f]{16,32})"
)


@attrs.frozen
class SessionInfo:
    """One session, as it is at this moment.

    Attributes:
        initiator: The initiator's name.
        target: The target's name; empty in a discovery session.
        user: The name that CHAP has proved; empty without CHAP.
        address: Where the initiator is, as ``HOST:PORT``.
        commands: Commands that were run.
        received_bytes: What came, headers included.
        sent_bytes: What went.
    """

    initiator: str
    target: str
    user: str
    address: str
    commands: int
    received_bytes: int
    sent_bytes: int


class Server:
    """A running iSCSI target server; made by :func:`serve`.

    Attributes:
        host: The host that was asked for.
        port: The port that it listens on.
        targets: The targets' names, in order.
    """

    def __init__(
        self, host: str, port: int, units: Mapping[str, LogicalUnit], chap: Chap | None, limits: Limits
    ) -> None:
        self.host = host
        self.port = port
        self._units = units
        self._chap = chap
        self._limits = limits
        self._connections: dict[Connection, str] = {}
        self._arriving: deque[anyio.CancelScope] = deque()
        self._handles = itertools.count(1)

    @property
    def portal(self) -> str:
        """Where initiators find it: ``HOST:PORT``, an IPv6 address in brackets."""
        return _portal(self.host, self.port)

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets' names, those that are gone left out."""
        return tuple(name for name, unit in self._units.items() if unit.lost is None)

    def sessions(self) -> tuple[SessionInfo, ...]:
        """Return the sessions that there are; never waits."""
        return tuple(
            SessionInfo(
                connection.session.identity.initiator,
                connection.session.identity.target,
                connection.session.identity.user,
                address,
                connection.commands,
                connection.stream.received_bytes,
                connection.stream.sent_bytes,
            )
            for connection, address in self._connections.items()
        )

    # --- connections --------------------------------------------------------------------------------

    async def _listen(self, listener: SocketListener, group: TaskGroup) -> None:
        while True:
            try:
                stream = await listener.accept()
            except OSError as error:  # no descriptor is left, for one: it passes
                logger.warning("no connection can be taken: %s", error)
                await anyio.sleep(ACCEPT_PAUSE_S)
                continue
            if len(self._arriving) >= self._limits.logins:  # a login takes milliseconds: the oldest is none
                logger.warning("too many connections wait for their login; the oldest is closed")
                self._arriving.popleft().cancel()
            arrival = anyio.CancelScope(deadline=anyio.current_time() + self._limits.login_s)
            self._arriving.append(arrival)
            group.start_soon(self._handle, stream, arrival)

    async def _handle(self, stream: SocketStream, arrival: anyio.CancelScope) -> None:
        """Serve one connection; whatever it does ends here."""
        pdus = PduStream(stream)
        address = "?"
        connection: Connection | None = None
        try:
            try:
                with arrival:
                    address = _tune(stream)
                    connection = await self._admit(pdus, stream)
            finally:
                if arrival in self._arriving:
                    self._arriving.remove(arrival)
            if arrival.cancelled_caught:
                raise BrokenPduError("it did not log in while there was time and room")
            if connection is not None:
                self._connections[connection] = address
                try:
                    await connection.run()
                finally:
                    del self._connections[connection]
        except Exception as error:  # noqa: BLE001 - other sessions go on, whatever this one met
            _tell(address, error)
        finally:
            await pdus.aclose()

    async def _admit(self, pdus: PduStream, stream: SocketStream) -> Connection | None:
        """Lead a connection through its login."""
        login = Login(self._find, self._chap, tsih=next(self._handles) % 0xFFFF + 1, window=WINDOW)
        response = await log_in(pdus, login)
        identity = login.identity
        if identity is None:
            logger.warning("a login was refused: %s", login.failed)
            await pdus.send([response])
            return None
        await self._replace(identity)
        unit = self._units[identity.target] if identity.target else None
        local = _address(_raw_socket(stream).getsockname())
        session = Session(
            identity,
            login.parameters,
            command_number=login.command_number,
            status_number=login.status_number,
            directory=lambda wanted: self._directory(wanted, local),
            bounds=Bounds(self._limits.command_bytes, self._limits.solicited_bytes),
        )
        session.outgoing.append(response)
        return Connection(pdus, session, unit, self._limits, lambda: list(self._connections))

    def _find(self, initiator: str, isid: bytes, target: str) -> None:
        """Refuse a login to a target that there is not, or for which there is no room."""
        if target:
            unit = self._units.get(target)
            if unit is None:
                raise LoginRefusedError(LoginStatus.NOT_FOUND, f"there is no target {target[:223]}")
            if unit.lost is not None:
                raise LoginRefusedError(LoginStatus.REMOVED, f"{target} is gone: {unit.lost}")
        if len(self._connections) >= self._limits.sessions and not self._same(initiator, isid, target):
            raise LoginRefusedError(LoginStatus.OUT_OF_RESOURCES, "there are too many sessions")

    def _same(self, initiator: str, isid: bytes, target: str) -> list[Connection]:
        """Return the session that a login replaces (RFC 7143 6.3.5), if there is one."""
        return [
            connection
            for connection in self._connections
            if (known := connection.session.identity).target == target
            and known.initiator == initiator
            and known.isid == isid
        ]

    async def _replace(self, identity: Identity) -> None:
        """End the session that a login replaces."""
        with anyio.move_on_after(REINSTATE_S):
            while same := self._same(identity.initiator, identity.isid, identity.target):
                same[0].cancel()
                await same[0].ended.wait()
                await anyio.lowlevel.checkpoint()

    def _directory(self, wanted: str, local: str) -> list[tuple[str, str]]:
        names = self.targets if wanted == "All" else [wanted] if wanted in self.targets else []
        return [pair for name in names for pair in (("TargetName", name), ("TargetAddress", f"{local},1"))]


@asynccontextmanager
async def serve(
    targets: Mapping[str, Transport | str],
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    chap: Chap | None = None,
    limits: Limits | None = None,
) -> AsyncIterator[Server]:
    """Show drives to other programs and machines: an iSCSI target server (RFC 7143).

    Each target is one drive, at logical unit 0. Sessions share it: their commands are run one after the other.

    Args:
        targets: The targets' names (``iqn.2026-11.com.example:disc``) with their drives: a transport that the caller
            has opened and will close, or what :func:`aioimapi.transport.open_transport` opens.
        host: The address, or name, to listen on. Others than this machine's loopback ask for ``chap``.
        port: The port; 0 for any that is free.
        chap: Who may log in; None lets everybody in who can reach the port.
        limits: What initiators may have.

    Yields:
        The server, which listens already. When the block ends, all sessions do.

    Raises:
        ServerNotSecureError: The address is not a loopback one, and there is no ``chap``.
        ServerAddressError: The port is taken, or the address is none of this machine's.
        LocalProtocolError: There is no target, or a name is none that iSCSI allows.
        DriveError: A drive cannot be opened; see :func:`aioimapi.transport.open_transport`.
        VirtualMediumError: The file of a virtual drive is missing or damaged.

    Cancellation:
        All sessions end, as if their cables were pulled: what was answered holds, initiators log in again when there is
        a server again. Drives that were opened here are closed. A real drive's command in flight is waited for.
    """
    for name in targets:
        if not _NAME.fullmatch(name) or len(name.encode()) > 223:
            raise LocalProtocolError(f"{name!r} is no iSCSI name, such as iqn.2026-11.com.example:disc")
    if not targets:
        raise LocalProtocolError("a server without a target has nothing to show")
    addresses = await _resolve(host, port)
    if chap is None and not all(ipaddress.ip_address(address).is_loopback for address in addresses):
        raise ServerNotSecureError(
            f"{host} can be reached from other machines, and anybody there could burn; give names and secrets (CHAP), "
            "or listen on 127.0.0.1",
            host=host,
            port=port,
        )
    limits = Limits() if limits is None else limits
    async with AsyncExitStack() as stack:
        listeners = []
        for address in addresses:
            listener = await _bind(address, port)
            stack.push_async_callback(listener.aclose)
            port = _raw_socket(listener).getsockname()[1]
            listeners.append(listener)
        units = {}
        for name, drive in targets.items():
            transport = drive
            if isinstance(transport, str):
                transport = await stack.enter_async_context(await open_transport(transport))
            units[name] = LogicalUnit(name, transport)
        server = Server(host, port, units, chap, limits)
        async with task_group() as group:
            for listener in listeners:
                group.start_soon(server._listen, listener, group)
            yield server
            group.cancel_scope.cancel()


async def _resolve(host: str, port: int) -> list[str]:
    """Return the addresses that a host's name stands for."""
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ServerAddressError(f"{host}: no such address: {error}", host=host, port=port) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _bind(address: str, port: int) -> SocketListener:
    try:
        multi = await anyio.create_tcp_listener(local_host=address, local_port=port, backlog=128)
    except OSError as error:
        reason = error.strerror or str(error)
        raise ServerAddressError(
            f"cannot listen on {_portal(address, port)}: {reason}", host=address, port=port
        ) from error
    (listener,) = multi.listeners
    assert isinstance(listener, SocketListener)
    return listener


def _raw_socket(stream: SocketStream | SocketListener) -> socket.socket:
    raw: socket.socket = stream.extra_attributes[SocketAttribute.raw_socket]()
    return raw


def _tune(stream: SocketStream) -> str:
    """Have small PDUs sent at once, and a machine noticed that has gone without a word; return where it is."""
    raw = _raw_socket(stream)
    raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return _address(raw.getpeername())


def _portal(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(name: tuple[str, int]) -> str:
    return _portal(name[0], name[1])


def _tell(address: str, error: BaseException) -> None:
    """Log why a connection ended: quietly where the initiator went, loudly where the fault is ours."""
    if isinstance(error, BaseExceptionGroup):
        error = sole_error(error)
    if isinstance(error, anyio.EndOfStream | anyio.BrokenResourceError | anyio.ClosedResourceError | OSError):
        logger.debug("%s: the connection has ended", address)
    elif isinstance(error, BrokenPduError):
        logger.warning("%s: dropped: %s", address, error)
    else:
        logger.error("%s: dropped: a fault of the server", address, exc_info=error)
