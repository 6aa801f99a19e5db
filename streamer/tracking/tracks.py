"""What the tracker knows after a frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from supervision import Detections

STRONG: Final = "strong"
"""Key of ``Detections.data`` (bool): what may start a track; without it, the tracker's confidence decides."""
HITS: Final = "hits"
"""Key of ``Detections.data`` (int): how often the tracker saw the object; 0: it is part of another one."""
STAYED_S: Final = "stayed_s"
"""Key of ``Detections.data`` (float): seconds since it saw the object first."""

STANDS: Final = "stands"
"""Key of ``Detections.data`` (bool): it is seen where a thing stands, whole or in part."""
PLACE: Final = "place"
"""Key of ``Detections.data`` (float [N,4]): where the whole of what stands is; else the box itself."""


SUB_LABEL: Final = "sub_label"
"""Key of ``Detections.data`` (object): what a classifier takes it for; None where none says anything."""
ATTRIBUTES: Final = "attributes"
"""Key of ``Detections.data`` (object): what each classifier says of it, by the classifier's name."""


@dataclass(frozen=True, slots=True)
class Refined:
    """What classifiers say of an object.

    Attributes:
        sub_label: what it is; that of the first classifier that says anything.
        attributes: what each says, by its name.
    """

    sub_label: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


NOTHING: Final = Refined()


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """The objects that are followed, as of one moment of one camera.

    Attributes:
        time_s: media time of that moment, seconds.
        detections: what was found in the frame, in the detector's order; ``tracker_id`` is int
            and -1 where the object is not (yet) followed.
        ended: ids of the objects given up at this moment; an id never comes back.
        parked: ids of the objects that have not moved for long, seen at present or not.
        refined: what classifiers say of objects, those that have just ended included.
    """

    time_s: float
    detections: Detections
    ended: tuple[int, ...]
    parked: tuple[int, ...] = ()
    refined: Mapping[int, Refined] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParkedTrack:
    """A parked object, as a later tracker is told of it.

    Attributes:
        track: its id.
        label: one of its group.
        place: x1, y1, x2, y2 in pixels.
        seen_s: media time at which it was last seen; may lie before the first frame, below 0.
    """

    track: int
    label: str
    place: tuple[float, float, float, float]
    seen_s: float
