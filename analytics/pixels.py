"""A small picture of weeks as a PNG, for mails: many programs draw neither SVG nor styles. Pure.

Bars in middling colours on nothing, so that it reads on light and on dark; words stand beside it in the mail.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

Colour = tuple[int, int, int, int]
NOTHING: Colour = (0, 0, 0, 0)
BAR: Colour = (58, 141, 153, 255)
MARKED: Colour = (196, 92, 43, 255)
UNKNOWN: Colour = (128, 128, 128, 90)
GROUND: Colour = (128, 128, 128, 255)
PALETTE = (NOTHING, BAR, MARKED, UNKNOWN, GROUND)
# Twice what is shown, for sharp screens.
WIDTH, HEIGHT, GAP = 1104, 160, 6


def weeks_png(values: Sequence[int | None], marked: Sequence[int | None]) -> bytes:
    """One bar a week, its lower part marked; None is a hatched stub: not known, and no 0."""
    top = max((value for value in values if value is not None), default=0)
    room = HEIGHT - 4
    step = WIDTH // max(1, len(values))
    columns: list[bytearray] = []
    for value, part in zip(values, marked, strict=True):
        height = _height(value, top, room)
        low = min(height, _height(part, top, room))
        columns += [_column(value is None, height, low, x) for x in range(step - GAP)]
        columns += [_column(False, 0, 0, 0)] * GAP
    rows = [bytes(column[HEIGHT - 1 - y] for column in columns) for y in range(HEIGHT)]
    return png(rows)


def _height(value: int | None, top: int, room: int) -> int:
    """Anything above nothing is seen."""
    return max(4, round(room * value / top)) if value and top else 0


def _column(unknown: bool, height: int, low: int, x: int) -> bytearray:
    """From the ground upwards, as places in the palette."""
    column = bytearray(HEIGHT)
    column[0] = column[1] = 4
    if unknown:
        for y in range(4, 20):
            column[y] = 3 if (x + y) % 8 < 4 else 0
    for y in range(4, min(HEIGHT, height + 4)):
        # Stripes tell the marked part without colour.
        column[y] = 1 if y >= low + 4 or (x + y) % 10 < 2 else 2
    return column


def png(rows: Sequence[bytes], palette: Sequence[Colour] = PALETTE) -> bytes:
    """Of places in the palette, the upper row first (PNG, third edition: 11.2)."""
    raw = b"".join(b"\0" + row for row in rows)
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    colours = b"".join(bytes(one[:3]) for one in palette)
    clear = bytes(one[3] for one in palette)
    parts = (
        (b"IHDR", header),
        (b"PLTE", colours),
        (b"tRNS", clear),
        (b"IDAT", zlib.compress(raw, 9)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
