"""How things are said to people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamer.metrics.camera import CameraStatistics
    from streamer.pages.here import Here

STATES: Final = {
    "live": "Live",
    "connecting": "Connecting",
    "down": "Down",
    "ended": "Ended",
    "off": "Switched off",
}
PICTURES: Final = {
    "covered": "The view is covered",
    "frozen": "The picture stands still",
    "unfocused": "The picture is out of focus",
}
UNBROKEN: Final = "\N{NO-BREAK SPACE}"
DAY_FORMAT: Final = "%A, %-d %B"


def state(camera: CameraStatistics) -> str:
    """One word or two."""
    return STATES.get(camera.state, camera.state)


def trouble(camera: CameraStatistics) -> str | None:
    """What is wrong with the pictures of a live camera; None where nothing is."""
    return PICTURES.get(camera.picture or "")


def since(moment: datetime, here: Here) -> str:
    """``since 14:02``, ``since yesterday, 23:10``, ``since 3 May, 08:15``."""
    local, now = here.local(moment), here.now()
    return (
        f"since {clock(local)}"
        if local.date() == now.date()
        else f"since {_lower(day(local, now))}, {clock(local)}"
    )


def clock(local: datetime) -> str:
    return f"{local:%H:%M}"


def day(local: datetime, now: datetime) -> str:
    """``Today``, ``Yesterday``, ``Tuesday, 3 May``; with the year where it is another one."""
    days = (now.date() - local.date()).days
    if days in (0, 1):
        return ("Today", "Yesterday")[days]
    return f"{local:{DAY_FORMAT}}" if local.year == now.year else f"{local:{DAY_FORMAT} %Y}"


def span(length: timedelta) -> str:
    """``0.4 s``, ``12 s``, ``3 min 05 s``, ``2 h 10 min``."""
    seconds = length.total_seconds()
    whole = round(seconds)
    if seconds < 10:
        text = f"{seconds:.1f} s"
    elif whole < 60:
        text = f"{whole} s"
    elif whole < 3600:
        text = f"{whole // 60} min {whole % 60:02d} s"
    else:
        text = f"{whole // 3600} h {whole % 3600 // 60:02d} min"
    return text.replace(" ", UNBROKEN)


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 camera``, ``3 cameras``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def size(amount: float) -> str:
    """``812 MB``, ``1.4 GB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if amount >= 100 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def _lower(text: str) -> str:
    return text.lower() if text in ("Today", "Yesterday") else text
