"""Bit fields of commands and answers: one table for both directions.

SPC and MMC describe every structure as a grid of bytes and bits, most significant first. A class says the
same thing in its annotations::

    @attrs.frozen
    class Write10(Command):
        lba: Annotated[int, U32(2)]             # bytes 2 to 5
        sectors: Annotated[int, U16(7)]         # bytes 7 to 8
        fua: Annotated[bool, Bit(1, 3)] = False

and :func:`layout_of` turns that into masks and shifts over one big integer, which makes packing and
unpacking a few machine operations a field, and finding a reserved bit that is set a single AND.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Self, get_args, get_origin, get_type_hints

import attrs

from aioimapi.errors import InvalidFieldError, LocalProtocolError, RemoteProtocolError


class OpenIntEnum(enum.IntEnum):
    """An enumeration of codes that a drive sends: a code that we do not know stays a number of that type.

    ``Profile(0x77)`` gives a member-like value that equals 0x77 and is named ``UNKNOWN_77H``; it never
    raises for a number that is not negative, because a newer drive's code must not make an answer unreadable.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or value < 0:
            return None
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value:02X}H"
        member._value_ = value
        return member

    @property
    def known(self) -> bool:
        """Whether the code has a name here."""
        return int(self) in type(self)._value2member_map_


@attrs.frozen
class Field:
    """Where a value lies: its first byte, its most significant bit there, and how many bits it has."""

    byte: int
    bit: int
    width: int

    @property
    def end(self) -> int:
        """Offset of the first byte after the field."""
        return self.byte + (7 - self.bit + self.width + 7) // 8

    @property
    def pointer_bit(self) -> int | None:
        """The bit for a sense field pointer, or None where the field fills whole bytes (SPC-4 4.5.2.4.2)."""
        return None if self.bit == 7 and self.width % 8 == 0 else self.bit


def Bit(byte: int, bit: int) -> Field:  # noqa: N802 - reads as a type in annotations
    """Return the field of a single bit."""
    return Field(byte, bit, 1)


def Bits(byte: int, high: int, low: int) -> Field:  # noqa: N802
    """Return the field of bits ``high`` down to ``low`` of one byte."""
    return Field(byte, high, high - low + 1)


def U8(byte: int) -> Field:  # noqa: N802
    """Return the field of one whole byte."""
    return Field(byte, 7, 8)


def U16(byte: int) -> Field:  # noqa: N802
    """Return the field of two bytes, most significant first."""
    return Field(byte, 7, 16)


def U24(byte: int) -> Field:  # noqa: N802
    """Return the field of three bytes, most significant first."""
    return Field(byte, 7, 24)


def U32(byte: int) -> Field:  # noqa: N802
    """Return the field of four bytes, most significant first."""
    return Field(byte, 7, 32)


def Bytes(byte: int, count: int) -> Field:  # noqa: N802
    """Return the field of ``count`` whole bytes, as a number, most significant first."""
    return Field(byte, 7, 8 * count)


@attrs.frozen
class _Slot:
    name: str
    field: Field
    shift: int
    mask: int
    convert: Callable[[int], Any]  # Any: what the attribute's own annotation says


@attrs.frozen
class Layout:
    """The fields of one class, laid over ``size`` bytes."""

    owner: str
    size: int
    slots: tuple[_Slot, ...]
    used: int

    def pack(self, values: object) -> int:
        """Return the attributes of ``values`` as one integer of ``size`` bytes.

        Raises:
            LocalProtocolError: A value does not fit its field.
        """
        number = 0
        for slot in self.slots:
            value = int(getattr(values, slot.name))
            if value & ~slot.mask:
                raise LocalProtocolError(
                    f"{self.owner}: {slot.name} is {value}, but the field has {slot.field.width} bits"
                    f" (0 to {slot.mask})"
                )
            number |= value << slot.shift
        return number

    def unpack(self, number: int) -> list[Any]:
        """Return the values in the order of the class's attributes.

        Raises:
            InvalidFieldError: A value is not one of the enumeration that the attribute has.
        """
        values = []
        for slot in self.slots:
            raw = (number >> slot.shift) & slot.mask
            try:
                values.append(slot.convert(raw))
            except ValueError:
                raise InvalidFieldError(
                    f"{self.owner}: {slot.name} is {raw}, which is not defined",
                    byte=slot.field.byte,
                    bit=slot.field.pointer_bit,
                ) from None
        return values

    def first_bit(self, number: int) -> tuple[int, int]:
        """Return byte and bit of the most significant bit that is set in ``number`` (not zero)."""
        position = 8 * self.size - number.bit_length()
        return position // 8, 7 - position % 8


def _converter(annotation: object) -> Callable[[int], Any]:
    if annotation is bool:
        return bool
    if isinstance(annotation, type) and issubclass(annotation, enum.IntEnum):
        return annotation
    return int


_layouts: dict[tuple[type, int | None], Layout] = {}


def layout_of(cls: type, size: int | None = None) -> Layout:
    """Return the layout that the annotations of an attrs class describe.

    Attributes without a :class:`Field` in their annotation are left out. Without ``size`` the layout ends
    with its last field.
    """
    known = _layouts.get((cls, size))
    if known is not None:
        return known
    hints = get_type_hints(cls, include_extras=True)
    found: list[tuple[str, Field, object]] = []
    for attribute in attrs.fields(cls):
        hint = hints[attribute.name]
        if get_origin(hint) is Annotated:
            kind, *notes = get_args(hint)
            found.extend((attribute.name, note, kind) for note in notes if isinstance(note, Field))
    length = size if size is not None else max((field.end for _, field, _ in found), default=0)
    slots, used = [], 0
    for name, field, kind in found:
        shift = 8 * length - (8 * field.byte + 7 - field.bit) - field.width
        mask = (1 << field.width) - 1
        slots.append(_Slot(name, field, shift, mask, _converter(kind)))
        used |= mask << shift
    layout = _layouts[cls, size] = Layout(cls.__name__, length, tuple(slots), used)
    return layout


@attrs.frozen
class Structure:
    """A fixed structure of an answer, all of whose attributes are fields.

    Subclasses are attrs classes with annotated fields and, where the standard's structure ends after its
    last field, a ``SIZE``.
    """

    @classmethod
    def layout(cls) -> Layout:
        """Return the class's field table."""
        return layout_of(cls, getattr(cls, "SIZE", None))

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the structure from the start of ``data``; bytes after it are ignored.

        Raises:
            RemoteProtocolError: ``data`` ends before the structure does.
        """
        table = cls.layout()
        build: Callable[..., Self] = cls
        return build(*table.unpack(int.from_bytes(need(data, table.size, cls.__name__)[: table.size], "big")))

    def to_bytes(self) -> bytes:
        """Encode the structure.

        Raises:
            LocalProtocolError: A value does not fit its field.
        """
        table = self.layout()
        return table.pack(self).to_bytes(table.size, "big")


def need(data: bytes | memoryview, size: int, what: str) -> bytes | memoryview:
    """Return ``data``, or raise :class:`RemoteProtocolError` where it is shorter than ``size`` bytes."""
    if len(data) < size:
        raise RemoteProtocolError(
            f"The drive's {what} has {len(data)} bytes; its fixed part needs {size}. Without them the answer"
            " means nothing; ask again, and if it stays so, the drive or its bridge is at fault."
        )
    return data


def padded(data: bytes | memoryview, size: int) -> bytes:
    """Return ``data`` with zero bytes up to ``size``: how a reply that ends early is read (SPC-4 4.3.5.6)."""
    return bytes(data) + bytes(max(0, size - len(data)))


def text(data: bytes | memoryview) -> str:
    """Decode an ASCII field: padding stripped, bytes that are not ASCII shown as escapes."""
    return bytes(data).decode("ascii", "backslashreplace").replace("\0", " ").strip()


def fixed_text(value: str, size: int) -> bytes:
    """Encode an ASCII field: left-aligned, padded with spaces (SPC-4 4.3.1).

    Raises:
        LocalProtocolError: The text is longer than ``size`` or holds something that is not ASCII.
    """
    try:
        raw = value.encode("ascii")
    except UnicodeEncodeError:
        raise LocalProtocolError(
            f"{value!r} cannot be sent: SCSI text fields are ASCII (SPC-4 4.3.1)"
        ) from None
    if len(raw) > size:
        raise LocalProtocolError(f"{value!r} has {len(raw)} characters, the field has {size}")
    return raw.ljust(size)


def chunked(data: bytes | memoryview, size: int) -> Sequence[bytes]:
    """Return the whole pieces of ``size`` bytes; a rest that is shorter is dropped."""
    return [bytes(data[at : at + size]) for at in range(0, len(data) - size + 1, size)]
