"""A process that watches a parked car until it is killed; run by test_restart.py.

``python parking_camera.py DATA BEGAN_S SECONDS``: media time begins ``BEGAN_S`` after that of the scene. It
says a line for each event, and ``ready`` once everything is on disk.
"""

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import anyio
from scenes import Seen, detections, frame, standing

from streamer.config.tree import EventConfig, StationaryConfig, StorageConfig, TrackerConfig
from streamer.event import Event
from streamer.events import EventRules
from streamer.frame import Frame
from streamer.parking import Known, Parking
from streamer.storage.store import EventStore
from streamer.tracking.tracker import Tracker

CAR = Seen(standing(600, 400, 260, 140), label="car")
PASSER = Seen(standing(200, 300, 60, 160))
RATE = 5
WRITING_S = 30


def watched(store: EventStore, known: Known) -> tuple[Tracker, EventRules, Parking]:
    stationary = StationaryConfig()
    tracker, rules = Tracker(TrackerConfig(), stationary), EventRules("yard", EventConfig())
    return tracker, rules, Parking(tracker, rules, store, known)


async def save(store: EventStore, picture: Frame, events: Sequence[Event]) -> None:
    for event in events:
        print(event.id, event.label, event.phase, event.track, flush=True)
        await store.save(None if event.phase == "end" else picture, event)


def on_disk(data: Path, picture: Frame) -> bool:
    """Whether something is parked there that was seen in this picture."""
    question = "select seen_at from events join parked on parked.event = events.id"
    with closing(sqlite3.connect(data / "events.db")) as index:
        seen = [datetime.fromisoformat(row[0]) for row in index.execute(question)]
    return picture.captured_at.replace(tzinfo=None) in seen


async def main(data: Path, began_s: float, seconds: float) -> None:
    store = EventStore(data, StorageConfig(days=100_000), cameras=["yard"])
    async with anyio.create_task_group() as tasks:
        recovered = await tasks.start(store.run)
        known = Known(recovered.parked.get("yard", ()), StationaryConfig().keep)
        print("recovered", *[each.event.id for each in known.parked], flush=True)
        tracker, rules, parking = watched(store, known)
        for step in range(round(seconds * RATE)):
            picture = frame(step / RATE, began_s=began_s)
            if step == 0:
                parking.begin(picture)
            tracks = tracker.update(picture.time_s, detections([CAR, PASSER] if step % 100 < 20 else [CAR]))
            told = rules.update(picture, tracks)
            await save(store, picture, told)
            parking.look(picture, tracks, told)
            await anyio.sleep(0)
        parking.tell(picture)
        with anyio.fail_after(WRITING_S):
            while store.state.waiting_events or store.state.waiting_pictures or not on_disk(data, picture):
                await anyio.sleep(0.005)
        print("ready", flush=True)
        await anyio.sleep_forever()


anyio.run(main, Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
