"""The dialog that removes a camera."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from markupsafe import escape

from streamer.pages.dialog import Dialog
from streamer.pages.markup import EMPTY, Text, box, h, show

STAYS: Final = "Its events and their pictures stay, for as long as all others do. The other cameras go on."
GOES: Final = "What is set of it goes, its zones, lines and masks too."
NAMED: Final = (
    "What was set here goes. What {} says of it stays written there, but it is not watched any more,"
    " also after a restart."
)


class RemoveDialog:
    """Asks once more, and says what stays."""

    def __init__(self, title: str, named_in: str | None, remove: Callable[[], Awaitable[str]]) -> None:
        """
        Args:
            title: what the camera is called.
            named_in: the place in the configuration file that names it; None of one that was added since.
            remove: does it; what it gives back says why it did not.
        """
        self._remove = remove
        self._dialog = Dialog("remove", f"Remove {title}?")
        with self._dialog.made():
            show(escape(STAYS), "p")
            show(escape(GOES if named_in is None else NAMED.format(named_in)), "p")
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
