"""Which labels one object may be seen under."""

from typing import Final

VEHICLES: Final = frozenset({"car", "truck", "bus", "van"})
"""Detectors call one vehicle by turns a car, a truck or a bus, by its distance and by what hides it.

No other classes are mixed: what a camera confuses besides is said by ``labels`` in the configuration.
"""

LIVING: Final = frozenset(
    {
        "person",
        "bird",
        "cat",
        "dog",
        "horse",
        "sheep",
        "cow",
        "elephant",
        "bear",
        "zebra",
        "giraffe",
    }
)
"""The people and animals of COCO: these leave a place by themselves, through a door that nobody sees.

Everything else is a thing, like a vehicle or a chair: it stays where it stands until it is seen to go.
"""


def group_of(label: str) -> str:
    """The name of a label's group; only detections of an object's group can be the object."""
    return "car" if label in VEHICLES else label
