"""Live cameras by hand: for each of them a thread, a capture and a default session."""

from __future__ import annotations

import json
import sys
import time
from threading import Thread
from typing import Any

import cv2
import numpy as np

from streamer.bench.by_hand.model import Model

LEAD_IN_S = 1.0


class Camera:
    """Plays a clip at its own rate; what comes while it is busy is lost, as with a real camera."""

    def __init__(self, model: Model, video: str) -> None:
        self.model = model
        self.video = video
        self.results: list[tuple[float, float]] = []

    def watch(self, until: float) -> None:
        capture = cv2.VideoCapture(self.video)
        period = 1 / capture.get(cv2.CAP_PROP_FPS)
        due = time.perf_counter()
        while due < until:
            time.sleep(max(0.0, due - time.perf_counter()))
            if not capture.grab():
                capture = cv2.VideoCapture(self.video)
                continue
            due += period
            if time.perf_counter() > due:
                continue
            _, image = capture.retrieve()
            decoded_at = time.perf_counter()
            self.model.detect(image)
            done_at = time.perf_counter()
            self.results.append((done_at, done_at - decoded_at))


def watch(models: list[Model], video: str, seconds: float) -> dict[str, Any]:
    begin = time.perf_counter() + LEAD_IN_S
    cameras = [Camera(model, video) for model in models]
    threads = [Thread(target=camera.watch, args=(begin + seconds,)) for camera in cameras]
    for thread in threads:
        thread.start()
    time.sleep(max(0.0, begin - time.perf_counter()))
    cpu = time.process_time()
    time.sleep(max(0.0, begin + seconds - time.perf_counter()))
    cpu_s = time.process_time() - cpu
    for thread in threads:
        thread.join()
    counted = [[age for at, age in camera.results if begin <= at < begin + seconds] for camera in cameras]
    return {
        "wall_s": seconds,
        "cpu_s": cpu_s,
        "results": [len(ages) for ages in counted],
        "latencies_s": [age for ages in counted for age in ages],
    }


def main() -> None:
    path, family, width, height, video, count = sys.argv[1:]
    models = [Model(path, family, (int(width), int(height))) for _ in range(int(count))]
    for model in models:
        model.detect(np.zeros((int(height), int(width), 3), np.uint8))
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(watch(models, video, float(line))), flush=True)


if __name__ == "__main__":
    main()
