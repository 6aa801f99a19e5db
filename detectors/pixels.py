"""Pictures as the detectors take them: scaled into a model's input, or whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, cast

import cv2

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


Scaling = Literal["linear", "area"]


class Pixels(Protocol):
    """A picture, whatever its decoder left it in; it is converted when somebody looks. For any thread."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def bgr(self) -> NDArray[np.uint8]:
        """The whole picture, uint8 HxWx3 BGR; the same array each time."""

    def scale_into(self, target: NDArray[np.uint8], scaling: Scaling = "linear") -> None:
        """Fills ``target``, uint8 hxwx3, with the whole picture in BGR, scaled as ``scaled`` does."""


class BgrPixels:
    """A picture that is BGR already."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        """
        Args:
            image: uint8 HxWx3.
        """
        self._image = image

    @property
    def width(self) -> int:
        return int(self._image.shape[1])

    @property
    def height(self) -> int:
        return int(self._image.shape[0])

    def bgr(self) -> NDArray[np.uint8]:
        return self._image

    def scale_into(self, target: NDArray[np.uint8], scaling: Scaling = "linear") -> None:
        scaled(self._image, (target.shape[1], target.shape[0]), scaling, target)


def scaled(
    image: NDArray[np.uint8],
    size: tuple[int, int],
    scaling: Scaling = "linear",
    target: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]:
    """A picture or a plane of it in another size.

    Args:
        image: uint8 [h,w] or [h,w,channels].
        size: width and height.
        scaling: ``linear`` between the nearest four pixels, as YOLOX and Ultralytics do; ``area`` is the mean
            of all pixels, as FastestDet does, and takes ten times as long.
        target: where to; a new array without.
    """
    interpolation = cv2.INTER_AREA if scaling == "area" else cv2.INTER_LINEAR
    return cast("NDArray[np.uint8]", cv2.resize(image, size, dst=target, interpolation=interpolation))
