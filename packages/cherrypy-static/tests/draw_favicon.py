"""Draw ``favicon.ico``: two cherries with their leaf, as a drawing of circles and curves.

Run as a script, it writes the file of the distribution. The picture has the shape of
``docs/demo/cherries.svg``, on a square of 32 units; each size is drawn by itself, each pixel as the
mean of 64 points.
"""

from __future__ import annotations

import math
import struct
import zlib
from pathlib import Path

FAVICON = Path(__file__).parents[1] / "src" / "cherrypy" / "_static" / "favicon.ico"
SIZES = (16, 32, 48)
POINTS = 8  # for each pixel and axis

Point = tuple[float, float]
Color = tuple[int, int, int]

STEM: Color = (0x4D, 0x7C, 0x2F)
LEAF: Color = (0x6A, 0xA5, 0x42)
DARK: Color = (0xB3, 0x20, 0x3C)
LIGHT: Color = (0xC9, 0x29, 0x4A)
SHINE: Color = (0xF2, 0xB8, 0xC2)


def curve(*control: Point) -> list[Point]:
    """Give points of a cubic curve of Bezier."""
    points = []
    for step in range(33):
        t = step / 32
        weights = [(1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3]
        points.append(
            (
                sum(weight * x for weight, (x, _) in zip(weights, control, strict=True)),
                sum(weight * y for weight, (_, y) in zip(weights, control, strict=True)),
            )
        )
    return points


STEMS = (
    curve((10, 21), (11, 13), (16, 7), (24, 4)),
    curve((21, 22), (22, 15), (23, 9), (24, 4)),
)
LEAF_EDGE = curve((24, 4), (19, 2), (14, 4), (12, 8)) + curve((12, 8), (17, 9), (22, 8), (24, 4))
CHERRIES = (((9, 24), 6.5, DARK), ((22, 25), 6.5, LIGHT))
SHINES = ((7, 22), (20, 23))


def color_at(x: float, y: float) -> Color | None:
    """Give the color of a point; None where nothing is drawn."""
    for center in SHINES:
        if math.dist(center, (x, y)) <= 1.6:
            return SHINE
    for center, radius, color in reversed(CHERRIES):
        if math.dist(center, (x, y)) <= radius:
            return color
    if is_inside(LEAF_EDGE, x, y):
        return LEAF
    for stem in STEMS:
        if min(math.dist(point, (x, y)) for point in stem) <= 1.2:
            return STEM
    return None


def is_inside(edge: list[Point], x: float, y: float) -> bool:
    """Tell whether a point is inside of a closed line: a ray from it crosses that an odd time."""
    crossings = 0
    for (x1, y1), (x2, y2) in zip(edge, edge[1:] + edge[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            crossings += 1
    return crossings % 2 == 1


def draw(size: int) -> bytes:
    """Draw the picture; give rows of pixels: red, green, blue and opacity."""
    unit = 32 / size / POINTS
    rows = []
    for row in range(size):
        pixels = bytearray()
        for column in range(size):
            colors = [
                found
                for j in range(POINTS)
                for i in range(POINTS)
                if (
                    found := color_at(
                        (column * POINTS + i + 0.5) * unit, (row * POINTS + j + 0.5) * unit
                    )
                )
            ]
            mean = [round(sum(c[k] for c in colors) / max(1, len(colors))) for k in range(3)]
            pixels += bytes([*mean, round(255 * len(colors) / POINTS**2)])
        rows.append(b"\0" + bytes(pixels))  # 0: no filter
    return b"".join(rows)


def png(size: int, rows: bytes) -> bytes:
    """Write pixels as PNG (ISO/IEC 15948)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content))
            + kind
            + content
            + struct.pack(">I", zlib.crc32(kind + content))
        )

    header = struct.pack(">2I5B", size, size, 8, 6, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 9))
        + chunk(b"IEND", b"")
    )


def ico(pictures: dict[int, bytes]) -> bytes:
    """Write pictures, by their size, as one icon."""
    entries = b""
    offset = 6 + 16 * len(pictures)
    for size, picture in pictures.items():
        entries += struct.pack("<4B2H2I", size, size, 0, 0, 1, 32, len(picture), offset)
        offset += len(picture)
    return struct.pack("<3H", 0, 1, len(pictures)) + entries + b"".join(pictures.values())


if __name__ == "__main__":
    FAVICON.write_bytes(ico({size: png(size, draw(size)) for size in SIZES}))
