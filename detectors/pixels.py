"""Pictures as the detectors take them: scaled into a model's input, or whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Pixels(Protocol):
    """A picture, whatever its decoder left it in; it is converted when somebody looks. For any thread."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    def bgr(self) -> NDArray[np.uint8]:
        """The whole picture, uint8 HxWx3 BGR; the same array each time."""

    def scale_into(self, target: NDArray[np.uint8]) -> None:
        """Fills ``target``, uint8 hxwx3, with the whole picture in BGR, scaled bilinearly."""


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

    def scale_into(self, target: NDArray[np.uint8]) -> None:
        # Bilinear is what YOLOX and Ultralytics use.
        size = (target.shape[1], target.shape[0])
        cv2.resize(self._image, size, dst=target, interpolation=cv2.INTER_LINEAR)
