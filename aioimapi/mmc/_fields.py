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
from typing import Annotated, Any, ClassVar, Self, get_args, get_origin, get_type_hints

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
    """Where a value lies: its first byte, its most significant bit there, how many bits, and whether with a sign."""

    byte: int
    bit: int
    width: int
    signed: bool = False

    @property
    def end(self) -> int:
        """Offset of the first byte after the field."""
        return self.byte + (7 - self.bit + self.width + 7) // 8

    @property
    def pointer_bit(self) -> int | None:
        """The bit for a sense field pointer, or None where the field fills whole bytes (SPC-3 4.5.2.4)."""
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


def S32(byte: int) -> Field:  # noqa: N802
    """Return the field of four bytes as a two's complement number: addresses in front of LBA 0."""
    return Field(byte, 7, 32, signed=True)


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
    low_shift: int = 0
    low_width: int = 0
    refused: int = attrs.field(init=False)

    @refused.default
    def _bits_that_do_not_fit(self) -> int:
        return ~(self.mask >> self.field.signed)


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
            if value & slot.refused:
                if slot.field.signed and -slot.mask - 1 <= 2 * value < 0:
                    number |= (value & slot.mask) << slot.shift
                    continue
                raise LocalProtocolError(
                    f"{self.owner}: {slot.name} is {value}, but the field has {slot.field.width} bits"
                    f" ({'as a signed number' if slot.field.signed else f'0 to {slot.mask}'})"
                )
            if slot.low_width:
                number |= (value & ((1 << slot.low_width) - 1)) << slot.low_shift
                value >>= slot.low_width
            number |= value << slot.shift
        return number

    def unpack(self, number: int) -> list[Any]:
        """Return the values in the order of the class's attributes.

        Raises:
            InvalidFieldError: A value is not one of the enumeration that the attribute has.
        """
        values = []
        for slot in self.slots:
            raw = number >> slot.shift
            if slot.low_width:
                high = raw & (slot.mask >> slot.low_width)
                raw = high << slot.low_width | number >> slot.low_shift & ((1 << slot.low_width) - 1)
            raw &= slot.mask
            try:
                values.append(slot.convert(raw))
            except ValueError:
                raise InvalidFieldError(
                    f"{self.owner}: {slot.name} is {raw}, which is not defined",
                    byte=slot.field.byte,
                    bit=slot.field.pointer_bit,
                ) from None
        return values

    def mask(self, field: Field) -> int:
        """Return the bits of ``field`` in the integer."""
        return ((1 << field.width) - 1) << _shift(field, self.size)

    def first_bit(self, number: int) -> tuple[int, int]:
        """Return byte and bit of the most significant bit that is set in ``number`` (not zero)."""
        position = 8 * self.size - number.bit_length()
        return position // 8, 7 - position % 8


def _shift(field: Field, size: int) -> int:
    return 8 * size - (8 * field.byte + 7 - field.bit) - field.width


def _converter(annotation: object, field: Field) -> Callable[[int], Any]:
    if field.signed:
        return lambda raw: raw - (raw >> field.width - 1 << field.width)
    if annotation is bool:
        return bool
    if isinstance(annotation, type) and issubclass(annotation, enum.IntEnum):
        return annotation
    return int


_layouts: dict[tuple[type, int | None], Layout] = {}


def layout_of(cls: type, size: int | None = None) -> Layout:
    """Return the layout that the annotations of an attrs class describe.

    Attributes without a :class:`Field` in their annotation are left out; two fields are the high and the low
    part of a number that the standard tore apart (track numbers: least significant byte in front). Without
    ``size`` the layout ends with its last field.
    """
    known = _layouts.get((cls, size))
    if known is not None:
        return known
    hints = get_type_hints(cls, include_extras=True)
    found: list[tuple[str, list[Field], object]] = []
    for attribute in attrs.fields(cls):
        hint = hints[attribute.name]
        if get_origin(hint) is Annotated:
            kind, *notes = get_args(hint)
            parts = [note for note in notes if isinstance(note, Field)]
            if parts:
                found.append((attribute.name, parts, kind))
    length = (
        size if size is not None else max((part.end for _, parts, _ in found for part in parts), default=0)
    )
    slots, used = [], 0
    for name, parts, kind in found:
        shifts = [_shift(part, length) for part in parts]
        for part, shift in zip(parts, shifts, strict=True):
            used |= ((1 << part.width) - 1) << shift
        mask = (1 << sum(part.width for part in parts)) - 1
        if len(parts) == 1:
            slots.append(_Slot(name, parts[0], shifts[0], mask, _converter(kind, parts[0])))
        else:
            high, low = parts
            slots.append(_Slot(name, high, shifts[0], mask, _converter(kind, high), shifts[1], low.width))
    layout = _layouts[cls, size] = Layout(cls.__name__, length, tuple(slots), used)
    return layout


@attrs.frozen
class Structure:
    """A fixed structure of an answer.

    Subclasses are attrs classes with annotated fields and, where the standard's structure goes on after its
    last field, a ``SIZE``. ``MINIMUM`` is how many bytes an answer must have to mean anything: drives of
    older standards, and short allocation lengths, end early, and the rest then counts as zero.
    """

    SIZE: ClassVar[int | None] = None
    MINIMUM: ClassVar[int | None] = None

    @classmethod
    def layout(cls) -> Layout:
        """Return the class's field table."""
        return layout_of(cls, cls.SIZE)

    @classmethod
    def values(cls, data: bytes | memoryview) -> list[Any]:
        """Decode the annotated fields, in order of the attributes.

        Raises:
            RemoteProtocolError: ``data`` is shorter than ``MINIMUM``.
        """
        table = cls.layout()
        need(data, table.size if cls.MINIMUM is None else cls.MINIMUM, cls.__name__)
        return table.unpack(int.from_bytes(padded(data[: table.size], table.size), "big"))

    @classmethod
    def parse(cls, data: bytes | memoryview) -> Self:
        """Decode the structure from the start of ``data``; bytes after it are ignored.

        Raises:
            RemoteProtocolError: ``data`` ends before the structure does.
        """
        build: Callable[..., Self] = cls
        return build(*cls.values(data))

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
    """Return ``data`` with zero bytes up to ``size``: how a reply that ends early is read."""
    return bytes(data) + bytes(max(0, size - len(data)))


def text(data: bytes | memoryview) -> str:
    """Decode an ASCII field: padding stripped, bytes that are not ASCII shown as escapes."""
    return bytes(data).decode("ascii", "backslashreplace").replace("\0", " ").strip()


def fixed_text(value: str, size: int) -> bytes:
    """Encode an ASCII field: left-aligned, padded with spaces (SPC-4).

    Raises:
        LocalProtocolError: The text is longer than ``size`` or holds something that is not ASCII.
    """
    try:
        raw = value.encode("ascii")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"{value!r} cannot be sent: SCSI text fields are ASCII (SPC-4)") from None
    if len(raw) > size:
        raise LocalProtocolError(f"{value!r} has {len(raw)} characters, the field has {size}")
    return raw.ljust(size)


def chunked(data: bytes | memoryview, size: int) -> Sequence[bytes]:
    """Return the whole pieces of ``size`` bytes; a rest that is shorter is dropped."""
    return [bytes(data[at : at + size]) for at in range(0, len(data) - size + 1, size)]
