"""A number in a picture: bright and dark cells along its upper edge, which any codec leaves readable.

Imports nothing: cameras use it under the system's Python.
"""

from collections.abc import Sequence

CELL = 32
"""Width and height of a cell, pixels: whole macroblocks."""
DARK, BRIGHT = 16, 235
MIDDLE = CELL // 2
READ = f"""
(video, bits) => {{
  const canvas = (window.strip ??= new OffscreenCanvas(bits * {CELL}, 1));
  const context = canvas.getContext("2d", {{ willReadFrequently: true }});
  context.drawImage(video, 0, {MIDDLE}, canvas.width, 1, 0, 0, canvas.width, 1);
  const pixels = context.getImageData(0, 0, canvas.width, 1).data;
  let number = 0;
  for (let n = 0; n < bits; n += 1) number = number * 2 + (pixels[(n * {CELL} + {MIDDLE}) * 4] > 128);
  return number;
}}
"""
"""JavaScript: a function of a video, or one picture of it, and the number of bits."""


def row(number: int, bits: int) -> bytes:
    """One row of the cells, luma, highest bit first; all of their rows are the same."""
    return b"".join(bytes([BRIGHT if number >> n & 1 else DARK]) * CELL for n in reversed(range(bits)))


def number_in(luma: Sequence[int], bits: int) -> int:
    """The number in a row of grey values from the middle of the cells."""
    return sum(1 << bits - 1 - n for n in range(bits) if luma[n * CELL + MIDDLE] > 128)
