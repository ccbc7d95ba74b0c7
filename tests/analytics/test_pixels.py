"""Pictures for mails: small, transparent, and readable without colour."""

from __future__ import annotations

import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st

from analytics.pixels import GROUND, HEIGHT, weeks_png


def read(found: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and rows of places in the palette; every chunk's sum is looked at."""
    assert found.startswith(b"\x89PNG\r\n\x1a\n")
    at, data, size = 8, b"", (0, 0)
    while at < len(found):
        length, name = struct.unpack(">I4s", found[at : at + 8])
        body = found[at + 8 : at + 8 + length]
        assert struct.unpack(">I", found[at + 8 + length : at + 12 + length])[0] == zlib.crc32(name + body)
        if name == b"IHDR":
            size = struct.unpack(">II", body[:8])
        if name == b"IDAT":
            data += body
        at += 12 + length
    raw = zlib.decompress(data)
    width = size[0] + 1
    return *size, [raw[row * width + 1 : (row + 1) * width] for row in range(size[1])]


def heights(found: bytes, count: int) -> list[int]:
    """How high the middle of each bar is, without the ground."""
    width, _, rows = read(found)
    step = width // count
    return [sum(row[number * step + step // 3] in (1, 2) for row in rows) for number in range(count)]


def test_bars_stand_to_each_other_as_their_values() -> None:
    tall, half, none, unknown = heights(weeks_png([10, 5, 0, None], [0, 0, 0, None]), 4)
    assert (tall, half, none, unknown) == (HEIGHT - 4, (HEIGHT - 4) // 2, 0, 0)


def test_what_is_not_known_is_drawn_otherwise_than_none() -> None:
    assert weeks_png([4, None], [0, None]) != weeks_png([4, 0], [0, 0])


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=1, max_size=53))
def test_any_weeks_make_a_small_picture(values: list[int | None]) -> None:
    found = weeks_png(values, [None if one is None else one // 3 for one in values])
    assert len(found) < 20_000
    assert read(found)[1] == HEIGHT
    assert GROUND[3] == 255
