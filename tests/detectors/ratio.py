"""How much slower the compiled graph is than the bare model, measured turn by turn in one run.

    python tests/detectors/ratio.py MODEL PICTURE [ROUNDS]

Counted in CPU time of the one thread that runs, so that other programs matter little. The bare model gets
its float input ready-made: what it leaves out (transpose, scale, decode, suppression) is free for it, and
what a user would have to write.
"""

import statistics
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import oracle

from detectors.detector import load
from detectors.session import Limits, SessionOptions


def bare(path, pixels):
    """One run of the model as it lies on disk, with the same session options as ours."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda: session.run(None, {name: pixels})


def main(model, picture, rounds="150"):
    detector = load(model, SessionOptions(provider="cpu", workers=1))
    prepared = detector.prepare(cv2.imread(picture))
    limits = Limits()
    pixels = oracle.pixels(prepared.image[None], detector.manifest.input)
    path = model if Path(model).is_file() else f"detectors/builtin/{model}.onnx"
    runs = {
        "bare": bare(path, pixels),
        "graph": lambda: detector._session.run(prepared.image[None], limits),
        "infer": lambda: detector.infer([prepared], limits),
    }
    times = {name: [] for name in runs}
    for _ in range(int(rounds)):
        for name, run in runs.items():
            started = time.thread_time()
            run()
            times[name].append(time.thread_time() - started)
    for pick, of in (("median", statistics.median), ("fastest", min)):
        milliseconds = {name: 1000 * of(values[5:]) for name, values in times.items()}
        text = ", ".join(f"{name} {value:.2f} ms" for name, value in milliseconds.items())
        ratios = {name: value / milliseconds["bare"] for name, value in milliseconds.items()}
        print(f"{pick}: {text}; graph/bare {ratios['graph']:.3f}, infer/bare {ratios['infer']:.3f}")
    found = detector.infer([prepared], limits)[0]
    print(f"{len(found)} objects, {np.round(found.confidence[:3], 2)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
