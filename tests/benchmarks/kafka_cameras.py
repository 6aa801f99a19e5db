"""What a broker costs the cameras: frames a second and latency while it is up, frozen and down, in turns.

python tests/benchmarks/kafka_cameras.py [--rounds 3] [--seconds 8] [--cameras 4]
"""

import argparse
import logging
from collections import defaultdict
from pathlib import Path
from statistics import median

import anyio
from anyio import to_thread
from beside_a_broker import arguments, broker_and_folder

from deploy.kafka.node import Broker
from streamer.app import App
from streamer.config.settings import Settings

STATES = ("up", "frozen", "down")
SETTLE_S = 2.0


class Watched:
    """What the service measured since it was looked at last."""

    def __init__(self, app: App) -> None:
        self.results = 0
        self.latencies_s: list[float] = []
        observe = app.metrics.observe_stage

        def observe_stage(camera: str, stage: str, seconds: float) -> None:
            observe(camera, stage, seconds)
            if stage == "total":
                self.results += 1
                self.latencies_s.append(seconds)

        app.metrics.observe_stage = observe_stage  # type: ignore[method-assign]

    def clear(self) -> None:
        self.results = 0
        self.latencies_s.clear()


def configured(options: argparse.Namespace, broker: Broker, data: Path) -> Settings:
    cameras = {
        f"camera-{n}": {
            "source": f"sim://street?seed={n}&size=640x360&fps=10&people=6",
            "detect": {"fps": 10},
        }
        for n in range(1, options.cameras + 1)
    }
    kafka = {"brokers": broker.address}
    return Settings.of({"cameras": cameras, "kafka": kafka, "data": str(data), "http": {"port": 0}})


async def put(broker: Broker, before: str, after: str) -> None:
    """Bring the broker from one state to the next."""
    if before == "frozen":
        broker.thaw()
    if before == "down":
        await to_thread.run_sync(broker.start)
    if after == "frozen":
        broker.freeze()
    if after == "down":
        await to_thread.run_sync(broker.kill)


async def measure(options: argparse.Namespace, broker: Broker, data: Path) -> None:
    app = App(configured(options, broker, data))
    watched = Watched(app)
    fps: dict[str, list[float]] = defaultdict(list)
    latency_ms: dict[str, list[float]] = defaultdict(list)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(app.run)
        while watched.results < 50:
            await anyio.sleep(0.1)
        before = "up"
        for _ in range(options.rounds):
            for state in STATES:
                await put(broker, before, state)
                before = state
                await anyio.sleep(SETTLE_S)
                watched.clear()
                await anyio.sleep(options.seconds)
                fps[state].append(watched.results / options.seconds)
                latency_ms[state].append(1000 * median(watched.latencies_s))
        await put(broker, before, "up")
        tasks.cancel_scope.cancel()
    for state in STATES:
        by_up = [each / up for each, up in zip(latency_ms[state], latency_ms["up"], strict=True)]
        print(
            f"{state:7} {median(fps[state]):6.1f} frames/s ({median(fps[state]) / median(fps['up']):.2f})  "
            f"latency p50 {median(latency_ms[state]):5.1f} ms ({median(by_up):.2f})"
        )


def main() -> None:
    options = arguments(__doc__, seconds=8.0, cameras=4)
    logging.disable(logging.ERROR)
    with broker_and_folder() as (broker, data):
        anyio.run(measure, options, broker, data)


if __name__ == "__main__":
    main()
