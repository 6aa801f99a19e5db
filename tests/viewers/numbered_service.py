"""The service in a process of its own, which tells of each result which frame it is of, by its barcode.

python numbered_service.py CONFIGURATION_AS_JSON

Prints its address as ``{"url": ..}``, then ``{"pts": .., "number": .., "boxes": [..]}`` for each result,
boxes as they go to viewers. Ends with its standard input.
"""

import json
import logging
import sys
from collections.abc import Sequence

import anyio
from anyio import to_thread
from rtsp.barcode import MIDDLE, number_in
from viewers.numbered_street import BITS

from streamer.app import App
from streamer.config.settings import Settings
from streamer.event import Happening
from streamer.frame import Frame
from streamer.messages.detections import detected_objects
from streamer.tracking.tracks import Tracks


def tell(what: dict[str, object]) -> None:
    print(json.dumps(what), flush=True)


class Telling:
    """A sink."""

    async def publish(self, frame: Frame, tracks: Tracks, happenings: Sequence[Happening]) -> None:
        number = number_in(frame.image[MIDDLE, :, 1].tolist(), BITS)
        objects = [found.model_dump(mode="json") for found in detected_objects(tracks.detections)]
        tell({"pts": frame.pts, "number": number, "boxes": [each["box"] for each in objects]})

    async def conclude(self, camera: str, happenings: Sequence[Happening]) -> None: ...


class NumberedApp(App):
    """Publishes to one more."""

    def _sinks(self, *parts: object) -> list[object]:
        return [*super()._sinks(*parts), Telling()]


async def serve(app: App) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.run)
        while not app.status.is_ready:
            await anyio.sleep(0.05)
        tell({"url": app.url})
        await to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True)
        tasks.cancel_scope.cancel()


if __name__ == "__main__":
    logging.disable(logging.ERROR)
    anyio.run(serve, NumberedApp(Settings.of(json.loads(sys.argv[1]))))
