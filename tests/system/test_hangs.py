"""A model that never returns: the process turns unready, tries again once, and ends with a clear error."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from batching.hanging import SIZE, write_hanging_model
from system.commanding import PATIENCE_S
from system.serving import serving, until

STUCK = "detector default: a run of hanging did not return in 5 s"


def film_black_and_white(path: Path) -> Path:
    """Two seconds of black, then forty of white."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5, options={"preset": "ultrafast", "qp": "0"})
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, "yuv444p"
        for brightness in [0] * 10 + [255] * 200:
            image = np.full((SIZE, SIZE, 3), brightness, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        container.mux(stream.encode(None))
    return path


def test_a_hanging_model_makes_it_unready_and_then_ends_it(tmp_path: Path) -> None:
    model = write_hanging_model(tmp_path / "hanging.onnx")
    film = film_black_and_white(tmp_path / "film.mp4")
    with serving("run", "--source", film, "--model", model, folder=tmp_path) as service:
        until(lambda: service.series("sightline_frames_detected_total", camera="camera-1") > 0)
        assert service.get("/readyz").status_code == 200
        until(lambda: service.get("/readyz").status_code == 503)
        assert service.series("sightline_ready", part="detector default") == 0
        assert service.get("/healthz").status_code == 200
        assert f"not ready: {STUCK}" in service.log
        assert service.process.wait(PATIENCE_S) == 1
        log = service.log
    assert "Traceback" not in log
    assert log.splitlines()[-1] == f"sightline: {STUCK}, nor did one before with another session"
