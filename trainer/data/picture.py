"""Decodes a picture that somebody else made: any kind, any damage, never more pixels than can be borne."""

from __future__ import annotations

import io
import struct
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from trainer.data.sample import Sample

FORMATS: Final = ("JPEG", "MPO", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
"""What is decoded; others, such as EPS, would run programs."""
MAX_BYTES: Final = 128 * 2**20
MAX_PIXELS: Final = 100_000_000
MIN_SIDE: Final = 16
"""Below this many pixels there is nothing to see."""
DAMAGED: Final = (
    OSError, ValueError, SyntaxError, IndexError, KeyError, TypeError, EOFError, ArithmeticError, struct.error
)  # fmt: skip
BEHIND: Final = 114
"""Grey that shows through what is transparent, as beside letterboxed pictures."""
SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".avif"}
)


class Unusable(Exception):
    """This picture cannot be trained on; its text says why in a few words."""


def read(sample: Sample) -> tuple[bytes, NDArray[np.uint8]]:
    """The bytes and the picture of a sample, uint8 HxWx3 BGR, cut to its crop.

    Raises:
        Unusable: unreadable, too large or too small.
    """
    try:
        content = sample.source.read(MAX_BYTES)
    except (OSError, ValueError, RuntimeError, NotImplementedError) as error:
        raise Unusable(f"cannot be read: {error}") from error
    if len(content) > MAX_BYTES:
        raise Unusable(f"larger than {MAX_BYTES // 2**20} MiB")
    image = decode(content)
    if sample.crop is not None:
        image = _cut(image, sample.crop)
    height, width = image.shape[:2]
    if min(height, width) < MIN_SIDE:
        raise Unusable(f"only {width}x{height} pixels, at least {MIN_SIDE} a side are needed")
    return content, image


def decode(content: bytes) -> NDArray[np.uint8]:
    """The first picture in ``content``, upright, uint8 HxWx3 BGR.

    Raises:
        Unusable: it is none, damaged, or has too many pixels.
    """
    if not content:
        raise Unusable("the file is empty")
    try:
        with Image.open(io.BytesIO(content), formats=_known()) as image:
            _bound(image)
            rgb = _opaque(ImageOps.exif_transpose(image))
            return np.ascontiguousarray(np.asarray(rgb)[:, :, ::-1])
    except UnidentifiedImageError as error:
        raise Unusable("not a picture of a known kind") from error
    except MemoryError as error:
        raise Unusable("not enough memory to decode it") from error
    # Decoders of damaged files raise almost anything that is no I/O error, too.
    except DAMAGED as error:
        raise Unusable(f"damaged: {' '.join(str(error).split())[:120]}") from error


@cache
def _known() -> list[str]:
    """Those of the formats that this Pillow was built with; its own limit on pixels makes way for ours."""
    Image.init()
    Image.MAX_IMAGE_PIXELS = None
    return [name for name in FORMATS if name in Image.OPEN]


def _bound(image: Image.Image) -> None:
    """A JPEG can be decoded at a fraction of its size; anything else too large is refused."""
    width, height = image.size
    if width * height <= MAX_PIXELS:
        return
    image.draft("RGB", (width // 4, height // 4))
    if image.size[0] * image.size[1] > MAX_PIXELS or image.size == (width, height):
        raise Unusable(f"{width * height // 10**6} million pixels, at most {MAX_PIXELS // 10**6} are read")


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode.startswith(("I", "F")):
        return _eight_bits(image).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layer = image.convert("RGBA")
        ground = Image.new("RGBA", layer.size, (BEHIND, BEHIND, BEHIND, 255))
        return Image.alpha_composite(ground, layer).convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits and more: Pillow would clip it at 255."""
    values: NDArray[Any] = np.asarray(image, np.float64)
    most = max(float(values.max(initial=0)), 1.0)
    scale = 255 / (65535 if most > 255 else 255)
    return Image.fromarray(np.clip(values * scale, 0, 255).astype(np.uint8))


def _cut(image: NDArray[np.uint8], crop: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    x1, y1 = max(0, crop[0]), max(0, crop[1])
    x2, y2 = min(width, crop[2]), min(height, crop[3])
    if x2 <= x1 or y2 <= y1:
        raise Unusable("its box lies outside the picture")
    return np.ascontiguousarray(image[y1:y2, x1:x2])
