"""Why a camera shows nothing now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from streamer.webrtc.refusals import NothingToShow

if TYPE_CHECKING:
    from streamer.metrics.metrics import Metrics

WITHOUT_PICTURES: Final = frozenset({"down", "off", "ended"})


class Silence:
    """Of cameras that there are."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def refuse(self, camera: str) -> None:
        """
        Raises:
            NothingToShow: no picture is to come for now.
        """
        if self._metrics.snapshot(camera).state in WITHOUT_PICTURES:
            raise self.of(camera)

    def of(self, camera: str) -> NothingToShow:
        """In words."""
        now = self._metrics.snapshot(camera)
        why = now.reason or ("no picture came" if now.state == "live" else now.state)
        return NothingToShow(f"{camera} sends no picture now: {why}")
