"""What a person may call the object of a picture."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 100
NOTHING: Final = "none"
"""The label of a picture in which there is none of what is looked for."""


def require_label(text: str) -> str:
    """A label without what is around it; classes become folders, so it has to fit the name of one.

    Raises:
        ValueError: it cannot be a label.
    """
    label = text.strip()
    if not label or len(text) > LONGEST or not text.isprintable():
        raise ValueError(f"expected null, or one line of text of at most {LONGEST} characters")
    slash = next((each for each in "/\\" if each in label), None)
    if slash is not None:
        raise ValueError(f"expected a label without a slash, for it names a folder; received {slash!r} in it")
    if label.startswith("."):
        raise ValueError("expected a label that does not begin with a dot, for it names a folder")
    return label
