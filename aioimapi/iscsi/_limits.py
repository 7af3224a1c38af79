"""What a server lets initiators have."""

from __future__ import annotations

import attrs


@attrs.frozen
class Limits:
    """What bounds a server's memory and patience. Who exceeds them is dropped; the others do not notice.

    Attributes:
        sessions: Sessions at the same time, of all targets.
        logins: Connections that have not logged in yet; for one more the oldest of them is closed.
        login_s: Seconds that a login may take.
        stall_s: Seconds that half a PDU may be waited for, or that an initiator may leave unread what is sent to it.
        ping_s: Seconds of silence after which an initiator is asked for a sign of life (NOP-In). When as many have
            passed again without one, its session ends.
        command_bytes: The most that one command may move.
        solicited_bytes: The most data of WRITEs that a session may have brought here and that is not written yet.
            Beside it there are 10 MiB of unsolicited data, and the answer to one command.
    """

    sessions: int = 64
    logins: int = 32
    login_s: float = 15.0
    stall_s: float = 30.0
    ping_s: float = 60.0
    command_bytes: int = 16 << 20
    solicited_bytes: int = 16 << 20
