"""What a record costs: from tracks to a line of JSON in a file, by number of objects.

python -m tests.benchmarks.records [--records 5000]
"""

import argparse
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import thread_time

import numpy as np

from detectors.detections import from_arrays
from detectors.pixels import BgrPixels
from streamer.frame import Frame
from streamer.messages.detections import DetectionRecord
from streamer.publish.jsonl import LineFile
from streamer.tracking.tracks import Tracks

OBJECTS = (0, 1, 3, 10, 30, 100)
LABELS = np.array(["person"])
BLANK = np.zeros((720, 1280, 3), np.uint8)


def cost_us(objects: int, records: int, path: Path) -> tuple[float, float]:
    """Microseconds of making and of writing."""
    rng = np.random.default_rng(0)
    boxes = rng.uniform(0, 700, (objects, 4)).astype(np.float32)
    confidence = rng.uniform(0.4, 1, objects).astype(np.float32)
    found = from_arrays(boxes, confidence, np.zeros(objects, np.int64), LABELS)
    tracks = Tracks(0.0, replace(found, tracker_id=np.arange(objects)), ())
    file = LineFile(str(path), append=False)
    file.open()
    making = writing = 0.0
    for number in range(records):
        frame = Frame("camera", number, number * 6000, datetime.now(UTC), 0.0, BgrPixels(BLANK))
        began = thread_time()
        line = DetectionRecord.of(frame, tracks, "model").line()
        made = thread_time()
        file.write(line)
        making, writing = making + made - began, writing + thread_time() - made
    file.close()
    return 1e6 * making / records, 1e6 * writing / records


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=5000)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as folder:
        for objects in OBJECTS:
            making_us, writing_us = cost_us(objects, records, Path(folder) / "records.jsonl")
            print(f"{objects:4d} objects: record {making_us:.0f} µs, line {writing_us:.0f} µs")


if __name__ == "__main__":
    main()
