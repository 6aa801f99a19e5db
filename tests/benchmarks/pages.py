"""How long the pages take to be made, and what one that is open costs, with many events and cameras.

python tests/benchmarks/pages.py [--events 5000] [--cameras 16] [--rounds 20]

Beside each time stands that of `/healthz` in the same rounds, which does nothing. Each page that was asked
for stays in memory until its browser would have come back; what the process grew by is told for one of them.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import anyio
import httpx
import psutil

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent)]

from system.commanding import PATIENCE_S  # noqa: E402
from system.serving import Service, serving, until, write_config  # noqa: E402

from streamer.config.tree import StorageConfig  # noqa: E402
from streamer.event import Event, Ruling, new_id  # noqa: E402
from streamer.storage.store import EventStore  # noqa: E402

EVERY_S = 60
LABELS = ("person", "car", "dog")
NOTHING = "/healthz"
WARM_UP = 3


def event(number: int, cameras: int) -> Event:
    began = datetime.now(UTC) - timedelta(seconds=EVERY_S * (number + 1))
    return Event(
        id=new_id(),
        camera=f"camera-{number % cameras + 1}",
        phase="end",
        label=LABELS[number % len(LABELS)],
        track=number,
        confidence=0.8,
        box=(100, 50, 180, 300),
        started_at=began,
        ended_at=began + timedelta(seconds=12),
        zones=("porch",),
        rules=(Ruling("threshold", True, 0.81, 0.5),),
    )


async def fill(data: Path, events: int, cameras: int) -> None:
    store = EventStore(data, StorageConfig(days=1000))
    async with anyio.create_task_group() as tasks:
        await tasks.start(store.run)
        for number in range(events):
            store.record(event(number, cameras), None)
        while store.state.waiting_events:
            await anyio.sleep(0.05)
        tasks.cancel_scope.cancel()


def measure(client: httpx.Client, process: psutil.Process, path: str, rounds: int) -> None:
    """Prints a line for one page."""
    for _ in range(WARM_UP):
        client.get(path).raise_for_status()
    before = process.memory_info().rss
    took: dict[str, list[float]] = {path: [], NOTHING: []}
    size = 0
    for _ in range(rounds):
        for each, times in took.items():
            began = time.perf_counter()
            answer = client.get(each)
            times.append(1000 * (time.perf_counter() - began))
            if each == path:
                size = len(answer.content)
    grown = (process.memory_info().rss - before) / rounds / 1000
    print(
        f"{path[:24]:24} {median(took[path]):8.1f} {max(took[path]):8.1f} {median(took[NOTHING]):9.1f}"
        f" {size / 1000:8.0f} {grown:10.0f}"
    )


@contextmanager
def filled(events: int, cameras: int) -> Iterator[Service]:
    """A service with so many events, whose cameras are all live."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        anyio.run(fill, folder / "data", events, cameras)
        source = "sim://street?fps=2&size=320x180&seed="
        said = {f"camera-{n}": {"source": f"{source}{n}"} for n in range(1, cameras + 1)}
        config = write_config(folder, said, data=str(folder / "data"), detect={"fps": 0.5})
        with serving("run", config, folder=folder) as service:
            until(lambda: set(service.states().values()) == {"live"})
            yield service


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--cameras", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    with (
        filled(options.events, options.cameras) as service,
        httpx.Client(base_url=service.url, timeout=PATIENCE_S) as client,
    ):
        one = service.events(camera="camera-1", limit=500)[-1]["id"]
        process = psutil.Process(service.process.pid)
        print(f"{'page':24} {'ms':>8} {'most ms':>8} {'nothing':>9} {'kB':>8} {'kB memory':>10}")
        camera = "/cameras/camera-1"
        of_camera = (camera, f"{camera}/scene", f"{camera}/settings")
        others = ("/label", "/train", "/models", "/system", "/docs")
        for path in ("/", *of_camera, "/events", f"/events/{one}", *others):
            measure(client, process, path, options.rounds)


if __name__ == "__main__":
    main()
