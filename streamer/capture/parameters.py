"""The parameter sets of a stream, without which no decoder can begin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

START_CODE: Final = b"\0\0\1"


@dataclass(frozen=True, slots=True)
class Syntax:
    """How a codec marks its units (ITU-T H.264 7.3.1 and table 7-1, H.265 7.3.1.2 and table 7-1).

    Attributes:
        header: bytes before a unit's payload.
        sets: types of the units that a decoder needs first, in the order in which they build on each other.
        pictures: types of the units that hold parts of a picture.
        delimiter: type of the unit with which an access unit begins.
    """

    header: int
    sets: tuple[int, ...]
    pictures: range
    delimiter: int

    def unit_type(self, byte: int) -> int:
        """The type of a unit, from its first byte."""
        return byte & 0x1F if self.header == 1 else byte >> 1 & 0x3F


SYNTAX: Final = {
    "h264": Syntax(header=1, sets=(7, 8), pictures=range(1, 6), delimiter=9),
    "hevc": Syntax(header=2, sets=(32, 33, 34), pictures=range(32), delimiter=35),
}
NUMBERED: Final = {7: 4, 8: 1, 34: 2}
"""Bytes before the number of a set, by its type; nobody numbers the other ones, of which there is one."""


class ParameterSets:
    """The latest ones of a stream, whether it told them beforehand or among its pictures."""

    def __init__(self, codec: str) -> None:
        """
        Args:
            codec: ``h264`` or ``hevc``.
        """
        self._syntax = SYNTAX[codec]
        self._kept: dict[tuple[int, int], bytes] = {}

    def keep(self, unit: bytes) -> bool:
        """Takes the place of an older set of its type and number; False where it is no parameter set."""
        kind = self._syntax.unit_type(unit[0])
        if kind not in self._syntax.sets:
            return False
        before = NUMBERED.get(kind)
        self._kept[kind, 0 if before is None else exp_golomb(unit[before:])] = unit
        return True

    def told_in(self, data: bytes) -> bool:
        """Keeps the sets before the first picture of an access unit; whether all types are there."""
        told = {self._syntax.unit_type(unit[0]) for unit in head(self._syntax, data) if self.keep(unit)}
        return told.issuperset(self._syntax.sets)

    def before(self, data: bytes) -> bytes:
        """An access unit in Annex B with all sets in front of it, behind its delimiter (H.264 7.4.1.2.3)."""
        sets = b"".join(b"\0" + START_CODE + self._kept[key] for key in sorted(self._kept))
        first = data.find(START_CODE) + len(START_CODE)
        after = data.find(START_CODE, first)
        if after < 0 or self._syntax.unit_type(data[first]) != self._syntax.delimiter:
            return sets + data
        return data[:after] + sets + data[after:]


def head(syntax: Syntax, data: bytes) -> Iterator[bytes]:
    """The units of an access unit in Annex B before its first picture, whose bytes are not searched."""
    at = data.find(START_CODE)
    while 0 <= at < len(data) - len(START_CODE):
        begin = at + len(START_CODE)
        if syntax.unit_type(data[begin]) in syntax.pictures:
            return
        at = data.find(START_CODE, begin)
        unit = data[begin : at if at >= 0 else len(data)].rstrip(b"\0")
        if unit:
            yield unit


def exp_golomb(data: bytes) -> int:
    """The unsigned number with which some bits begin (H.264 9.1); 0 where they end before it does."""
    bits = int.from_bytes(data[:4], "big")
    length = 8 * len(data[:4])
    zeros = length - bits.bit_length()
    return (bits >> max(0, length - 2 * zeros - 1)) - 1 if bits and 2 * zeros < length else 0


@dataclass(frozen=True, slots=True)
class Packing:
    """How a container packs units, and the parameter sets that it tells beforehand.

    Attributes:
        length_bytes: of the length before each unit; 0 where there are start codes.
        sets: the parameter sets.
    """

    length_bytes: int
    sets: tuple[bytes, ...]

    @classmethod
    def of(cls, codec: str, extradata: bytes) -> Packing:
        """From a configuration record (ISO/IEC 14496-15, 5.3.3.1 and 8.3.3.1), or sets in Annex B."""
        if extradata[:1] != b"\1":
            return cls(0, tuple(head(SYNTAX[codec], extradata)))
        record = Record(extradata)
        if codec == "h264":
            length_bytes = record.number(5) % 4 + 1
            sets = [*record.units(record.number(1) % 32), *record.units(record.number(1))]
        else:
            length_bytes = record.number(22) % 4 + 1
            sets = []
            for _ in range(record.number(1)):
                record.number(1)
                sets += record.units(record.number(2))
        return cls(length_bytes, tuple(unit for unit in sets if unit))

    def annex_b(self, data: bytes) -> bytes:
        """An access unit with start codes; what is cut short ends with it."""
        if not self.length_bytes:
            return data
        record, found = Record(data), []
        while unit := record.take(record.number(self.length_bytes)):
            found.append(b"\0" + START_CODE + unit)
        return b"".join(found)


class Record:
    """Reads bytes one after the other; behind the end there are none, and numbers are 0."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def number(self, count: int) -> int:
        return int.from_bytes(self.take(count), "big")

    def units(self, count: int) -> list[bytes]:
        return [self.take(self.number(2)) for _ in range(count)]
