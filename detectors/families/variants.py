"""What else a head may mean that no shape tells: other forms of its boxes, other numbers of its classes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from detectors.coco import COCO_LABELS

if TYPE_CHECKING:
    from detectors.families.family import Form, Head, Numbering

FORMS: Final[tuple[Form, ...]] = ("xyxy", "yxyx", "cxcywh", "xywh")
NUMBERINGS: Final[tuple[Numbering, ...]] = ("zero", "one", "coco", "coco-zero")


def numberings(head: Head) -> tuple[Head, ...]:
    """The same head with classes numbered otherwise; none where the model gives no numbers."""
    if not head.numbering:
        return ()
    others = (each for each in NUMBERINGS if each != head.numbering)
    return tuple(
        replace(head, numbering=each)
        for each in others
        if "coco" not in each or head.classes == len(COCO_LABELS)
    )


def variants(head: Head) -> tuple[Head, ...]:
    """The same head with boxes in another form, classes numbered otherwise, or both."""
    forms = [replace(head, form=each) for each in FORMS if head.form and each != head.form]
    return (*numberings(head), *forms, *(other for form in forms for other in numberings(form)))
