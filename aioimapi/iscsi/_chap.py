"""CHAP (RFC 1994, RFC 7143 12.1.3): who the initiator is, and, where it asks, who we are."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Final

import attrs

from aioimapi.errors import LocalProtocolError

SECRET_BYTES: Final = 12
"""The fewest bytes that a secret has: 96 bits (RFC 7143 9.2.1)."""

_ALGORITHMS: Final = {"8": "sha3_256", "7": "sha256", "6": "sha1", "5": "md5"}
"""Numbers of the digests, the best first (IANA, PPP authentication algorithms)."""

_MAX_BINARY: Final = 1024


class ChapRefusedError(Exception):
    """The initiator has not proved who it is."""


@attrs.frozen
class Chap:
    """Names and secrets of CHAP.

    Attributes:
        users: The initiators that may log in: name to secret, each of 12 bytes at least.
        name: Our own name, for initiators that want to know who we are (mutual CHAP); empty for none.
        secret: Our own secret; another one than any of the users'.

    Raises:
        LocalProtocolError: There is no user, or a secret is too short or stands for both sides.
    """

    users: Mapping[str, str] = attrs.field(repr=lambda users: repr(sorted(users)))
    name: str = ""
    secret: str = attrs.field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.users:
            raise LocalProtocolError("CHAP without a user lets nobody in")
        for name, secret in [*self.users.items(), *([(self.name, self.secret)] if self.name else [])]:
            if not name or len(secret.encode()) < SECRET_BYTES:
                raise LocalProtocolError(
                    f"the CHAP secret of {name!r} is too short: it takes {SECRET_BYTES} bytes at least"
                )
        if self.name and self.secret in self.users.values():
            raise LocalProtocolError(
                "the target's CHAP secret is also a user's; whoever knows one must not know the other"
            )


class ChapExchange:
    """The target's side of one login: offers a challenge, judges the answer, and answers the initiator's own."""

    def __init__(self, chap: Chap) -> None:
        self._chap = chap
        self._algorithm = ""
        self._identifier = secrets.randbelow(256)
        self._challenge = secrets.token_bytes(32)
        self.user = ""

    def step(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Take what the initiator said and return what to say.

        Raises:
            ChapRefusedError: It is not who it says it is, or it says something else.
        """
        if not self._algorithm:
            return self._offer(keys)
        return self._judge(keys)

    @property
    def done(self) -> bool:
        """Whether the initiator has proved who it is."""
        return bool(self.user)

    def _offer(self, keys: Mapping[str, str]) -> dict[str, str]:
        wanted = keys.get("CHAP_A")
        if wanted is None:
            return {}
        offered = wanted.split(",")
        chosen = next((number for number in _ALGORITHMS if number in offered), None)
        if chosen is None:
            raise ChapRefusedError(f"none of the digests {wanted[:80]} is known")
        self._algorithm = chosen
        return {
            "CHAP_A": chosen,
            "CHAP_I": str(self._identifier),
            "CHAP_C": f"0x{self._challenge.hex()}",
        }

    def _judge(self, keys: Mapping[str, str]) -> dict[str, str]:
        name, response = keys.get("CHAP_N", ""), _binary(keys.get("CHAP_R", ""))
        secret = self._chap.users.get(name)
        # An unknown name takes as long as a wrong secret.
        expected = self._digest(self._identifier, secret or secrets.token_hex(16), self._challenge)
        if not hmac.compare_digest(expected, response) or secret is None:
            raise ChapRefusedError(f"CHAP: the name {name[:80]!r} or its secret is wrong")
        answer: dict[str, str] = {}
        if "CHAP_C" in keys or "CHAP_I" in keys:
            answer = self._prove(keys)
        self.user = name
        return answer

    def _prove(self, keys: Mapping[str, str]) -> dict[str, str]:
        """Answer the initiator's challenge."""
        if not self._chap.name:
            raise ChapRefusedError(
                "the initiator asks who we are, and no name and secret were given for that"
            )
        challenge, identifier = _binary(keys.get("CHAP_C", "")), keys.get("CHAP_I", "")
        if challenge == self._challenge:
            raise ChapRefusedError("the initiator sends our own challenge back")
        if not identifier.isdecimal() or int(identifier) > 255:
            raise ChapRefusedError(f"CHAP_I={identifier[:80]} is no number below 256")
        response = self._digest(int(identifier), self._chap.secret, challenge)
        return {"CHAP_N": self._chap.name, "CHAP_R": f"0x{response.hex()}"}

    def _digest(self, identifier: int, secret: str, challenge: bytes) -> bytes:
        text = bytes((identifier,)) + secret.encode() + challenge
        return hashlib.new(_ALGORITHMS[self._algorithm], text, usedforsecurity=False).digest()


def _binary(value: str) -> bytes:
    """Return what stands for binary data, in hexadecimal or base 64 (RFC 7143 6.1)."""
    try:
        if value[:2] in {"0x", "0X"}:
            digits = value[2:]
            found = bytes.fromhex("0" * (len(digits) % 2) + digits)
        elif value[:2] in {"0b", "0B"}:
            found = base64.b64decode(value[2:], validate=True)
        else:
            found = b""
    except (ValueError, binascii.Error):
        found = b""
    if not 0 < len(found) <= _MAX_BINARY:
        raise ChapRefusedError(f"{value[:80]!r} is no binary value of 1 to {_MAX_BINARY} bytes")
    return found
