"""Public trackers on MOTChallenge detections, to compare ours with; run by hand.

    python tests/objects/peers.py supervision DET.txt --out F [--fps 25] [--every N]   # needs 0.27
    python tests/objects/peers.py trackers DET.txt --out F [--fps 25] [--every N]      # trackers 2.6
    python tests/objects/peers.py sightline DET.txt --out F [--fps 25] [--every N]

Prints, too, the median time of a frame with 10 objects, and the ids that two instances give to the same ones.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from supervision import Detections

Follow = Callable[[float, Detections], Detections]


def supervision_bytetrack(fps: float) -> Follow:
    from supervision import ByteTrack

    tracker = ByteTrack(frame_rate=fps)
    return lambda time_s, found: tracker.update_with_detections(found)


def trackers_bytetrack(fps: float) -> Follow:
    from trackers import ByteTrackTracker

    tracker = ByteTrackTracker(frame_rate=fps)
    return lambda time_s, found: tracker.update(found, timestamp=time_s)


def sightline(fps: float) -> Follow:
    from streamer.config.tree import TrackerConfig
    from streamer.tracking.tracker import Tracker

    tracker = Tracker(TrackerConfig())
    return lambda time_s, found: tracker.update(time_s, found).detections


PEERS = {"supervision": supervision_bytetrack, "trackers": trackers_bytetrack, "sightline": sightline}


def detections(boxes: np.ndarray, confidence: np.ndarray) -> Detections:
    """Boxes [N,4] x1, y1, x2, y2 of people."""
    return Detections(
        xyxy=boxes.astype(np.float32),
        confidence=confidence.astype(np.float32),
        class_id=np.zeros(len(boxes), int),
        data={"class_name": np.full(len(boxes), "person")},
    )


def results(table: np.ndarray, follow: Follow, fps: float, every: int) -> list[str]:
    lines = []
    for frame in range(1, int(table[:, 0].max()) + 1, every):
        here = table[table[:, 0] == frame]
        boxes = np.concatenate((here[:, 2:4], here[:, 2:4] + here[:, 4:6]), axis=1)
        found = follow((frame - 1) / fps, detections(boxes, here[:, 6]))
        for track, (x1, y1, x2, y2) in zip(found.tracker_id, found.xyxy, strict=True):
            if track >= 0:
                lines.append(f"{frame},{track},{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},1,-1,-1,-1\n")
    return lines


def ten_people(time_s: float, rng: np.random.Generator) -> Detections:
    x = np.linspace(50, 1150, 10) + 60 * np.sin(time_s / 2) + rng.normal(0, 2, 10)
    y = 300 + rng.normal(0, 2, 10)
    return detections(np.stack((x, y, x + 60, y + 160), axis=1), np.full(10, 0.9))


def frame_ms(follow: Follow, frames: int = 1000) -> float:
    rng, spent = np.random.default_rng(0), []
    for frame in range(frames):
        found = ten_people(frame / 25, rng)
        began = time.perf_counter()
        follow(frame / 25, found)
        spent.append(time.perf_counter() - began)
    return 1000 * float(np.median(spent))


def ids_of_two(first: Follow, second: Follow) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(0)
    for frame in range(10):
        found = ten_people(frame / 25, rng)
        ids = (
            sorted(first(frame / 25, found).tracker_id.tolist()),
            sorted(second(frame / 25, found).tracker_id.tolist()),
        )
    return ids


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("detections", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--every", type=int, default=1)
    options = parser.parse_args()
    new = PEERS[options.peer]
    table = np.loadtxt(options.detections, delimiter=",", ndmin=2)
    rate = options.fps / options.every
    options.out.write_text("".join(results(table, new(rate), options.fps, options.every)))
    print(f"{frame_ms(new(25.0)):.3f} ms a frame; ids of two instances: {ids_of_two(new(25.0), new(25.0))}")


if __name__ == "__main__":
    main()
