"""The street as a COCO set: pictures and labels for training and for measuring."""

import json
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from streamer.capture.street.options import StreetOptions
from streamer.capture.street.street import Street, StreetFrame
from streamer.capture.street.truth import CAR, PERSON

GAP_S: Final = 1.7
"""Street time between exported pictures: long enough that everyone has moved on by more than a stride."""

MIN_VISIBLE: Final = 0.5
"""People of whom less is seen are marked to be ignored."""

MIN_HEIGHT_PX: Final = 24
"""Smaller people are marked to be ignored."""

ABSENT: Final = ("bicycle", "car", "motorcycle", "bus", "truck", "dog", "cat")
"""Classes a street without cars never shows: that is a label too, which a training learns from."""

LOOKALIKE: Final = "truck"
"""With cars about, nothing is said of this class: who labels photographs calls many a tall car by it."""

CATEGORIES: Final = {PERSON: 1, CAR: 2}

_JPEG_QUALITY: Final = 90


def export(options: StreetOptions, frames: int, out: Path) -> Path:
    """Writes ``out/images/*.jpg`` and ``out/instances.json``.

    Annotations carry ``visible`` (0..1), ``identity`` and ``kind`` beside what COCO asks for; those hardly
    seen or very small have ``iscrowd`` 1, so that evaluation ignores them.

    Args:
        options: the street.
        frames: number of pictures, at least 1.
        out: folder, made when it is missing.

    Returns:
        The path of ``instances.json``.

    Raises:
        ValueError: ``frames`` is less than 1.
        OSError: the folder cannot be written.
    """
    if frames < 1:
        raise ValueError(f"street export: expected at least 1 frame, received {frames}")
    pictures = out / "images"
    pictures.mkdir(parents=True, exist_ok=True)
    street = Street(options)
    step = max(round(GAP_S * options.fps), 1)
    absent = [name for name in ABSENT if not options.parked or name != LOOKALIKE]
    images: list[dict[str, object]] = []
    annotations: list[dict[str, object]] = []
    for number in range(frames):
        index = number * step
        frame = street.frame(index)
        name = f"street-{options.seed}-{index:06d}.jpg"
        _write(pictures / name, frame)
        height, width = frame.image.shape[:2]
        picture = {"id": number + 1, "file_name": name, "width": width, "height": height}
        images.append(picture | {"labelled_classes": [PERSON, *absent]})
        annotations += _annotations(frame, number + 1, len(annotations) + 1)
    shown = {PERSON: PERSON} | ({CAR: "vehicle"} if options.parked else {})
    found = {
        "info": {"description": f"sim://street, {options}"},
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": CATEGORIES[name], "name": name, "supercategory": kin} for name, kin in shown.items()
        ],
    }
    path = out / "instances.json"
    path.write_text(json.dumps(found))
    return path


def _write(path: Path, frame: StreetFrame) -> None:
    done, data = cv2.imencode(".jpg", frame.image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise OSError(f"{path}: the picture could not be encoded")
    path.write_bytes(np.asarray(data).tobytes())


def _annotations(frame: StreetFrame, image_id: int, first_id: int) -> list[dict[str, object]]:
    truth = frame.truth
    rows = zip(
        truth.boxes.tolist(),
        truth.identities.tolist(),
        truth.kinds.tolist(),
        truth.visible.tolist(),
        truth.labels.tolist(),
        strict=True,
    )
    return [
        {
            "id": first_id + number,
            "image_id": image_id,
            "category_id": CATEGORIES[label],
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "area": (x2 - x1) * (y2 - y1),
            "iscrowd": int(visible < MIN_VISIBLE or y2 - y1 < MIN_HEIGHT_PX),
            "visible": round(visible, 4),
            "identity": identity,
            "kind": kind,
        }
        for number, ((x1, y1, x2, y2), identity, kind, visible, label) in enumerate(rows)
    ]
