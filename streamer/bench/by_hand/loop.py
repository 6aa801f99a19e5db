"""A file by hand: read, detect, next."""

from __future__ import annotations

import json
import sys
import time

import cv2

from streamer.bench.by_hand.model import Model


def play(model: Model, video: str, frames: int) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    capture, done = cv2.VideoCapture(video), 0
    while done < frames:
        read, image = capture.read()
        if not read:
            if not done:
                raise SystemExit(f"{video}: OpenCV reads no picture of it")
            capture = cv2.VideoCapture(video)
            continue
        model.detect(image)
        done += 1
    return {"frames": done, "wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}


def main() -> None:
    path, family, width, height, video = sys.argv[1:6]
    model = Model(path, family, (int(width), int(height)))
    if sys.argv[6:] == ["--first"]:
        print(play(model, video, 1), flush=True)
        return
    play(model, video, 10)
    print("ready", flush=True)
    for line in sys.stdin:
        print(json.dumps(play(model, video, int(float(line)))), flush=True)


if __name__ == "__main__":
    main()
