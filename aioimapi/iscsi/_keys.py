"""Text keys (RFC 7143, sections 6 and 13): their form, and what a target answers to each of the operational ones."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, Final

import attrs

from aioimapi.iscsi._broken import BrokenPduError

MAX_TEXT: Final = 64 * 1024
"""Bytes of text that one negotiation may gather (RFC 7143 6.1 asks for that much)."""

MAX_KEYS: Final = 256
MAX_DATA_SEGMENT: Final = 256 * 1024
"""What one PDU to us may carry. Initiators' defaults reach it, and a WRITE of a cluster comes in one piece."""

MAX_BURST: Final = 1024 * 1024


def parse_text(data: bytes) -> dict[str, str]:
    """Return the keys and values of a text segment.

    Raises:
        BrokenPduError: It is no list of ``key=value``, a key comes twice, or there are too many.
    """
    found: dict[str, str] = {}
    for item in data.split(b"\0"):
        if not item:
            continue
        key, sign, value = item.partition(b"=")
        if not sign or not 1 <= len(key) <= 63:
            raise BrokenPduError(f"{bytes(item[:80])!r} is no key with a value")
        name = key.decode("ascii", "replace")
        if name in found or len(found) >= MAX_KEYS:
            raise BrokenPduError(f"the key {name} comes twice, or there are more than {MAX_KEYS}")
        found[name] = value.decode("utf-8", "replace")
    return found


def encode_text(keys: Mapping[str, str] | list[tuple[str, str]]) -> bytes:
    """Return the text segment that carries keys and values."""
    pairs = keys.items() if isinstance(keys, Mapping) else keys
    return b"".join(f"{key}={value}".encode() + b"\0" for key, value in pairs)


@attrs.frozen
class Parameters:
    """What a session has agreed on (RFC 7143, section 13).

    Attributes:
        segment_to_initiator: The most data that one PDU to the initiator carries.
        segment_to_target: The most data that one PDU to us carries: the 8,192 that hold before anything is said, or
            what we declared.
        max_burst: The most data of one sequence, in either direction.
        first_burst: The most unsolicited data of a command.
        initial_r2t: No unsolicited data but the immediate.
        immediate_data: A command's PDU may carry data.
        outstanding_r2t: How many R2Ts of one task the initiator takes at a time.
    """

    segment_to_initiator: int = 8192
    segment_to_target: int = 8192
    max_burst: int = 262_144
    first_burst: int = 65_536
    initial_r2t: bool = True
    immediate_data: bool = True
    outstanding_r2t: int = 1


class _Rule(enum.Enum):
    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    AND = "and"
    OR = "or"
    LIST = "list"


@attrs.frozen
class _Key:
    """How a key is negotiated: the rule, our own value, the range, and the parameter that it sets."""

    rule: _Rule
    ours: int | str
    lowest: int = 0
    highest: int = 0xFFFFFF
    sets: str = ""


_KEYS: Final = {
    "HeaderDigest": _Key(_Rule.LIST, "None"),
    "DataDigest": _Key(_Rule.LIST, "None"),
    "MaxConnections": _Key(_Rule.MINIMUM, 1, 1, 65_535),
    "InitialR2T": _Key(_Rule.OR, "No", sets="initial_r2t"),
    "ImmediateData": _Key(_Rule.AND, "Yes", sets="immediate_data"),
    "MaxBurstLength": _Key(_Rule.MINIMUM, MAX_BURST, 512, sets="max_burst"),
    "FirstBurstLength": _Key(_Rule.MINIMUM, MAX_DATA_SEGMENT, 512, sets="first_burst"),
    "DefaultTime2Wait": _Key(_Rule.MAXIMUM, 0, 0, 3600),
    "DefaultTime2Retain": _Key(_Rule.MINIMUM, 0, 0, 3600),
    "MaxOutstandingR2T": _Key(_Rule.MINIMUM, 1, 1, 65_535, sets="outstanding_r2t"),
    "DataPDUInOrder": _Key(_Rule.OR, "Yes"),
    "DataSequenceInOrder": _Key(_Rule.OR, "Yes"),
    "ErrorRecoveryLevel": _Key(_Rule.MINIMUM, 0, 0, 2),
    "TaskReporting": _Key(_Rule.LIST, "RFC3720"),
    "iSCSIProtocolLevel": _Key(_Rule.MINIMUM, 1, 0, 31),
    # Markers went away with RFC 7143; older initiators still offer them.
    "IFMarker": _Key(_Rule.AND, "No"),
    "OFMarker": _Key(_Rule.AND, "No"),
}

_SEGMENT: Final = "MaxRecvDataSegmentLength"
DECLARED: Final = frozenset({"InitiatorAlias", "InitiatorName", "SessionType", "TargetName"})
"""What an initiator only tells."""


class KeysRefusedError(Exception):
    """The initiator insists on something that this target has not."""


def negotiate(offers: Mapping[str, str], agreed: Parameters) -> tuple[dict[str, str], Parameters]:
    """Answer operational keys.

    Args:
        offers: What the initiator said.
        agreed: What holds so far.

    Returns:
        Our answers, and what holds now.

    Raises:
        KeysRefusedError: The initiator cannot do without digests, for example.
        BrokenPduError: A value is outside its key's range.
    """
    answers: dict[str, str] = {}
    for name, value in offers.items():
        if name == _SEGMENT:
            agreed = attrs.evolve(agreed, segment_to_initiator=_number(name, value, 512, 0xFFFFFF))
            continue
        if name in DECLARED:
            continue
        key = _KEYS.get(name)
        if key is None:
            answers[name] = "NotUnderstood"
            continue
        if value in {"Reject", "Irrelevant", "NotUnderstood"}:
            continue
        answers[name], result = _settle(name, key, value)
        if key.sets:
            changes: dict[str, Any] = {
                key.sets: result
            }  # Any: numbers and truths, each as its parameter's type
            agreed = attrs.evolve(agreed, **changes)
    if agreed.first_burst > agreed.max_burst:
        agreed = attrs.evolve(agreed, first_burst=agreed.max_burst)
    return answers, agreed


def _settle(name: str, key: _Key, value: str) -> tuple[str, int | bool]:
    """Return the answer to one offer, and what it means."""
    if key.rule is _Rule.LIST:
        if key.ours not in value.split(","):
            raise KeysRefusedError(f"{name}={value}: only {key.ours} is offered here")
        return str(key.ours), False
    if key.rule in {_Rule.AND, _Rule.OR}:
        if value not in {"Yes", "No"}:
            raise BrokenPduError(f"{name}={value[:80]} is neither Yes nor No")
        both = (value == "Yes", key.ours == "Yes")
        result = all(both) if key.rule is _Rule.AND else any(both)
        return "Yes" if result else "No", result
    offered = _number(name, value, key.lowest, key.highest)
    ours = int(key.ours)
    chosen = min(offered, ours) if key.rule is _Rule.MINIMUM else max(offered, ours)
    return str(chosen), chosen


def _number(name: str, value: str, lowest: int, highest: int) -> int:
    try:
        number = int(value, 16) if value[:2] in {"0x", "0X"} else int(value) if value.isascii() else -1
    except ValueError:
        number = -1
    if not lowest <= number <= highest:
        raise BrokenPduError(f"{name}={value[:80]} is no number from {lowest} to {highest}")
    return number
