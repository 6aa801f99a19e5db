"""The dialog that removes a camera."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from markupsafe import escape

from streamer.pages.dialog import Dialog
from streamer.pages.markup import EMPTY, Text, box, h, show

STAYS = (
    "Its events and their pictures stay, for as long as all others do. What is set of it, its zones, lines"
    " and masks too, goes; so does its live picture. The other cameras go on."
)


class RemoveDialog:
    """Asks once more, and says what stays."""

    def __init__(self, title: str, remove: Callable[[], Awaitable[str]]) -> None:
        """
        Args:
            title: what the camera is called.
            remove: does it; what it gives back says why it did not.
        """
        self._remove = remove
        self._dialog = Dialog("remove", f"Remove {title}?")
        with self._dialog.made():
            show(escape(STAYS), "p")
            self._said = show(EMPTY, "p", "said", role="status")
            with box("div", "buttons"):
                Text("button", "Keep it", "button", type="button", autofocus=True).on(
                    "click", self._dialog.close
                )
                Text("button", "Remove it", "button danger", type="button").on("click", self._sure)

    def open(self) -> None:
        self._said.content = ""
        self._dialog.open()

    async def _sure(self) -> None:
        wrong = await self._remove()
        if wrong:
            self._said.content = str(h("span", wrong, class_="wrong"))
