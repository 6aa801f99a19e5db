"""What was found in a picture: ``supervision.Detections``, always with the names of the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray
    from supervision import Detections

CLASS_NAME: Final = "class_name"
"""Key of ``Detections.data`` under which supervision keeps the labels."""


def from_arrays(
    xyxy: NDArray[np.float32],
    confidence: NDArray[np.float32],
    class_id: NDArray[np.int64],
    labels: NDArray[np.str_],
) -> Detections:
    """Detections of one picture.

    Args:
        xyxy: [N,4] in source pixels.
        confidence: [N], 0..1.
        class_id: [N], indices into ``labels``.
        labels: names of all classes of the model.
    """
    # Here and not at the top: supervision takes a second to import, and loads while the model does.
    from supervision import Detections

    return Detections(
        xyxy=xyxy, confidence=confidence, class_id=class_id, data={CLASS_NAME: labels[class_id]}
    )


def empty() -> Detections:
    """Detections of a picture in which nothing was found."""
    nothing = np.empty(0, np.float32)
    return from_arrays(np.empty((0, 4), np.float32), nothing, np.empty(0, np.int64), np.empty(1, np.str_))


def with_labels(detections: Detections, labels: Collection[str]) -> Detections:
    """Only the objects of these classes; all of them when ``labels`` is empty."""
    if not labels:
        return detections
    mask = np.isin(detections.data[CLASS_NAME], list(labels))
    return cast("Detections", detections[mask])  # by a mask: a key of ``data`` would give its array
