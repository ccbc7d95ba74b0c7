"""Compressed bodies: inflated piece by piece, never further than is allowed."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from intake.sources import TooLarge, Unprocessable

PIECE = 64 * 1024
# Test reports shrink 10 to 60 times; what shrinks far more was made to fill a disk. Small ones do no harm.
MOST_RATIO = 250
HARMLESS = 1024 * 1024
GZIP = 31  # zlib's word for: a gzip header and trailer, nothing else


def pieces(body: bytes) -> Iterator[bytes]:
    """A plain body in pieces."""
    view = memoryview(body)
    for start in range(0, len(body), PIECE):
        yield bytes(view[start : start + PIECE])


def inflated(body: bytes, most: int) -> Iterator[bytes]:
    """What a gzip file holds, all its members.

    Raises: TooLarge after more than `most` bytes or for a ratio that no report has, Unprocessable for what
    is cut off or is not gzip.
    """
    total, member = 0, zlib.decompressobj(GZIP)
    for rest in pieces(body):
        while rest:
            if member.eof:
                member = zlib.decompressobj(GZIP)
            piece = _next(member, rest)
            total += len(piece)
            _refuse_bomb(total, len(body), most)
            yield piece
            rest = member.unused_data if member.eof else member.unconsumed_tail
    if not member.eof:
        raise Unprocessable("The gzip file is cut off")


def _next(member: zlib._Decompress, rest: bytes) -> bytes:
    try:
        return member.decompress(rest, PIECE)
    except zlib.error as error:
        raise Unprocessable(f"The body is not gzip: {error}") from error


def _refuse_bomb(total: int, packed: int, most: int) -> None:
    if total > most:
        raise TooLarge(f"At most {most} bytes once inflated")
    if total > HARMLESS and total > MOST_RATIO * packed:
        raise TooLarge(f"It inflates to more than {MOST_RATIO} times its size")
