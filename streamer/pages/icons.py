"""Line icons, as SVG in the page itself."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

PATHS: Final = {
    "mark": "M2.5 12s3.6-6.5 9.5-6.5 9.5 6.5 9.5 6.5-3.6 6.5-9.5 6.5S2.5 12 2.5 12z"
    "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
    "live": "M3 6.5h12.5v11H3zM15.5 10.5 21 7.5v9l-5.5-3",
    "events": "M4 5.5h16M4 12h16M4 18.5h10",
    "label": "M3.5 12.2V4.5h7.7l9.3 9.3-7.7 7.7zM8 8v.1",
    "train": "M4 19.5V4.5M4 19.5h16M7 15.5l4-5 3 2.5 5.5-7.5",
    "models": "M12 3.5l8 4.2v8.6l-8 4.2-8-4.2V7.7zM4.3 7.9 12 12l7.7-4.1M12 12v8.3",
    "system": "M3 12h4l3-7 4 14 3-7h4",
    "theme": "M12 3.5a8.5 8.5 0 1 0 0 17zM12 3.5a8.5 8.5 0 1 1 0 17",
    "plus": "M12 5v14M5 12h14",
    "back": "M14.5 5.5 8 12l6.5 6.5",
    "next": "M9.5 5.5 16 12l-6.5 6.5",
    "none": "M4 5.5h16v13H4zM4 16l5-5 4 4 2.5-2.5L20 17M3 3l18 18",
    "down": "M3 6.5h12.5v11H3zM15.5 10.5 21 7.5v9l-5.5-3M2.5 3l18 18",
    "person": "M12 4a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7zM5 20c.6-4 3.5-6 7-6s6.4 2 7 6",
    "good": "M5 12.5 10 17.5 19 7",
    "bad": "M12 4 2.5 20h19zM12 10v5M12 17.2v.3",
    "close": "M6 6l12 12M18 6 6 18",
}


def icon(name: str) -> Markup:
    """An icon as large as the text around it; it says nothing to who listens."""
    shape = Markup('<path d="{}"/>').format(PATHS[name])
    return Markup(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>'
    ).format(shape)
