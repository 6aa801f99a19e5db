"""Measured programs: what they answer, how they end, how they fail."""

import os
from pathlib import Path

import numpy as np
import pytest

from streamer.bench import field, start
from streamer.bench.contestant import Contestant, ContestantFailed, Entry
from streamer.bench.field import Subject
from streamer.bench.material import CAMERA, Material, prepare
from streamer.bench.samples import Work
from streamer.bench.video import decoded

STREET = "sim://street?seed=1&people=4&size=640x360&fps=30"


@pytest.fixture(scope="module")
def material(tmp_path_factory: pytest.TempPathFactory) -> Material:
    return prepare(STREET, tmp_path_factory.mktemp("clips"), clip_s=1)


@pytest.fixture(scope="module")
def subject(material: Material) -> Subject:
    from detectors import store

    weights = store.resolve("sightline-nano").weights
    return Subject("sightline-nano", str(weights), "sightline", (320, 320), material)


def test_a_clip_is_what_a_camera_sends(material: Material) -> None:
    import av

    with av.open(str(material.camera)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (CAMERA.width, CAMERA.height)
        assert stream.average_rate == CAMERA.fps
        assert stream.codec_context.profile in ("Baseline", "Constrained Baseline")
        packets = [packet for packet in container.demux(stream) if packet.size]
    assert [packet.pts for packet in packets] == [packet.dts for packet in packets]
    assert len(packets) == CAMERA.fps


def test_a_video_is_read_again_and_again(material: Material) -> None:
    pictures = decoded(material.camera)
    first = next(pictures).to_ndarray(format="gray")
    for _ in range(CAMERA.fps - 1):
        last = next(pictures).to_ndarray(format="gray")
    assert not np.array_equal(first, last)
    assert np.array_equal(first, next(pictures).to_ndarray(format="gray"))


def test_a_program_that_ends_is_told_by_its_last_words(tmp_path: Path) -> None:
    entry = Entry("limit", "streamer.bench.limit", [str(tmp_path / "none.onnx"), "none.mp4"], Work, "frames")
    with (
        Contestant(entry) as contestant,
        pytest.raises(ContestantFailed, match=r"^limit: .*none\.onnx: no such file"),
    ):
        contestant.wait_ready()


def test_a_program_that_is_killed_is_told(subject: Subject) -> None:
    with Contestant(field.decoding_alone(subject)) as contestant:
        contestant.wait_ready()
        os.kill(contestant.pid, 9)
        os.waitid(os.P_PID, contestant.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ContestantFailed, match="decoding alone"):
            contestant.measure(0.2)


def test_paced_work_keeps_its_pace(subject: Subject) -> None:
    with Contestant(field.decoding_alone(subject)) as contestant:
        contestant.wait_ready()
        work = contestant.measure(0.5)
    assert work.frames == 15
    assert work.wall_s >= 0.5
    assert work.cpu_s > 0


def test_the_limit_is_of_one_thread(subject: Subject) -> None:
    with Contestant(field.limit(subject)) as contestant:
        contestant.wait_ready()
        parts = contestant.measure(20)
    assert parts.frames == 32
    assert parts.stray_s < 0.1 * parts.cpu_per_frame_s * parts.frames


def test_a_file_is_followed_to_the_frame_that_was_asked_for(subject: Subject) -> None:
    with Contestant(field.file(subject)) as contestant:
        contestant.wait_ready()
        assert contestant.measure(40).frames == 30  # all there are
        assert contestant.measure(12).frames == 12
        process, _ = contestant._running()
    # In the middle of runs of the model: a process that is torn down inside one is aborted.
    assert process.returncode == 0


def test_the_first_result_comes_from_the_command_itself(subject: Subject) -> None:
    assert start.first_result_s("ours", start.ours(subject)) > 0.1
    assert start.first_result_s("by hand", start.by_hand(subject)) > 0.05
    with pytest.raises(ContestantFailed, match="ours: it ended without a result"):
        start.first_result_s("ours", ["-c", "pass"])
