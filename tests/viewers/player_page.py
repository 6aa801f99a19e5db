"""A page of the service that plays a camera in a real browser, and what its player says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page
from system.chromium import Chromium
from system.serving import until

STATE: Final = """
    () => {
      const player = document.querySelector("sightline-player");
      const within = player.shadowRoot;
      const [width, height] = player.statistics.size ?? [0, 0];
      return {
        ...player.statistics,
        burnt: player.burnt,
        why: within.querySelector(".why").textContent,
        explained: !within.querySelector(".why").hidden,
        chip: within.querySelector(".chip").hidden ? "" : within.querySelector(".chip").innerText,
        said: within.querySelector(".state").hidden ? "" : within.querySelector(".state").innerText,
        size: [width, height],
      };
    }
"""

State = dict[str, Any]


@dataclass(frozen=True, slots=True)
class PlayerPage:
    """A page that plays a camera."""

    page: Page

    def state(self) -> State:
        """What its player counts and shows."""
        return dict(self.page.evaluate(STATE))

    def until(self, holds: Callable[[State], bool]) -> State:
        """Waits until this holds."""
        seen: State = {}

        def look() -> bool:
            nonlocal seen
            seen = self.state()
            return holds(seen)

        try:
            until(look)
        except AssertionError:
            raise AssertionError(f"still {seen}") from None
        return seen


@contextmanager
def playing(chromium: Chromium, address: str, *options: str, script: str = "") -> Iterator[PlayerPage]:
    """Such a page, with these options of the browser, where the script runs before the page's own."""
    with chromium.page(address, *options, script=script) as page:
        yield PlayerPage(page)
