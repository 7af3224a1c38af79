"""An iSCSI target (RFC 7143): shows any drive of ours to kernels, virtual machines and burners of others.

The drive can be a virtual one, so that a program that somebody else wrote burns a disc in a file; or a real one, so
that another machine burns with it::

    async with aioimapi.iscsi.serve({"iqn.2026-11.com.example:disc": "virtual:disc.bdr?media=bd-r"}) as server:
        print(server.portal)
        await anyio.sleep_forever()
"""

from __future__ import annotations

from aioimapi.iscsi._chap import Chap as Chap
from aioimapi.iscsi._limits import Limits as Limits
from aioimapi.iscsi._server import PORT as PORT
from aioimapi.iscsi._server import Server as Server
from aioimapi.iscsi._server import SessionInfo as SessionInfo
from aioimapi.iscsi._server import serve as serve

__all__ = ("PORT", "Chap", "Limits", "Server", "SessionInfo", "serve")
