"""What was found at an address, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from streamer.pages.draft import sentence

if TYPE_CHECKING:
    from streamer.capture.probe import Probed

CLEARER: Final[Mapping[str, str]] = {
    "no usable answer": "no answer",
    "cut off before its first picture": "no video comes",
}
WHAT_TO_DO: Final[Mapping[str, str]] = {
    "name not found": "Is it spelled right? The machine that Sightline runs on has to know it.",
    "no usable answer": "Is the address right, and may the machine that Sightline runs on reach it?",
    "no picture within": "Something answers, but sends no video.",
    "cut off before": "Something answers, but sends no pictures.",
    "connection refused": "The machine answers, but nothing listens at this port.",
    "no route": "Is the address right, and is the camera switched on?",
    "are needed": "Type them in.",
    "wrong user name": "Type them anew.",
    "404": "The camera answers, but has no such stream: is the path right?",
    "not a video": "Something answers, but what it sends is no video.",
    "no such file": "A path is one of the machine that Sightline runs on.",
    "no such device": "It has to be plugged into the machine that Sightline runs on.",
    "busy": "Close the other program first.",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What an address shows, or why it shows nothing, in words."""

    good: bool
    text: str


def told(found: Probed) -> Look:
    """What was found."""
    if found.reason is not None:
        reason = CLEARER.get(found.reason, found.reason)
        advice = next((text for word, text in WHAT_TO_DO.items() if word in found.reason), "")
        return Look(False, f"{sentence(reason)} {advice}".strip())
    if found.first is None:
        return Look(True, "It waits for a browser that sends.")
    size = f"{found.first.width} × {found.first.height}"
    return Look(True, f"It works: {size}, about {max(1, round(found.fps))} pictures a second.")
