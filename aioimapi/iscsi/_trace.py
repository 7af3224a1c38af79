"""One line of log for each command that was passed on, as the driver writes for its own."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from aioimapi.errors import RemoteProtocolError
from aioimapi.mmc import RawCommand, SenseData, Status
from aioimapi.transport import Reply

logger = logging.getLogger("aioimapi.trace")


def tell(name: str, parts: Sequence[RawCommand], replies: Sequence[Reply], error: str = "") -> None:
    """Log commands with their answers, where somebody listens.

    Args:
        name: The drive's name.
        parts: What was sent.
        replies: What was answered; the rest was not sent, or got no answer.
        error: Why there was none.
    """
    if not logger.isEnabledFor(logging.DEBUG):
        return
    for part, reply in zip(parts, replies, strict=False):
        logger.debug(
            "%s %s [%s] status %02Xh%s, residual %d, %.3f ms",
            name,
            part.name,
            part.cdb.hex(" "),
            reply.status,
            _sense(reply),
            reply.residual,
            reply.duration_s * 1000,
        )
    if error:
        part = parts[len(replies)]
        logger.debug("%s %s [%s] no answer: %s", name, part.name, part.cdb.hex(" "), error)


def _sense(reply: Reply) -> str:
    if reply.status != Status.CHECK_CONDITION:
        return ""
    try:
        return f" {SenseData.parse(reply.sense).describe()}"
    except RemoteProtocolError:
        return f" with sense data that cannot be read: {reply.sense.hex(' ')}"
