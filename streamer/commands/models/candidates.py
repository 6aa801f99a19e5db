"""Pictures of what a model would find if it were of one family or of another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from streamer.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from detectors.examining.examination import Candidate, Found


def drawn(candidates: tuple[Candidate, ...], folder: Path) -> str:
    """Draw into ``FAMILY.jpg`` what each family would find in the pictures of the trial.

    Returns:
        where they are, and how to choose one.

    Raises:
        ConfigError: the folder cannot be written.
    """
    import cv2

    from detectors.recognising.trialpictures import probe

    try:
        folder.mkdir(parents=True, exist_ok=True)
        for candidate in candidates:
            pictures = zip(probe(), candidate.found, strict=True)
            strip = cv2.vconcat([_with(picture.image, found) for picture, found in pictures])
            (folder / f"{candidate.family}.jpg").write_bytes(cv2.imencode(".jpg", strip)[1].tobytes())
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {error.strerror}") from None
    families = ", ".join(candidate.family for candidate in candidates)
    return (
        f"what each would find is drawn in {folder}/FAMILY.jpg: look which is right, and add it with "
        f"--family FAMILY, one of {families}"
    )


def _with(image: NDArray[np.uint8], found: tuple[Found, ...]) -> NDArray[np.uint8]:
    import numpy as np

    from detectors.detections import from_arrays
    from streamer.publish.annotate import Annotator

    if not found:
        return image
    labels = np.array([each.label for each in found])
    boxes = np.array([each.box for each in found], np.float32)
    scores = np.array([each.confidence for each in found], np.float32)
    return Annotator().annotated(image, from_arrays(boxes, scores, np.arange(len(found)), labels))
