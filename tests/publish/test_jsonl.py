"""JSON Lines: whole lines only, whatever happens to the process, the disk or the reader."""

import json
import logging
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from results import MESSAGE, NOON, PERSON, event, frame, tracks

from streamer.errors import ConfigError, SinkUnavailable
from streamer.publish.jsonl import JsonLinesSink, json_lines

pytestmark = pytest.mark.anyio
WRITING = Path(__file__).parent / "writing.py"


class Losses(Counter):
    def lost(self, sink: str, reason: str) -> None:
        self[sink, reason] += 1


def records(path: Path) -> list:
    """Every line of the file as a record; a line that is none is an error."""
    text = path.read_bytes()
    assert text == b"" or text.endswith(b"\n")
    return [MESSAGE.validate_json(line) for line in text.splitlines()]


async def write(path: Path, *sequences: int, lossless: bool = False) -> None:
    async with json_lines(str(path), lossless=lossless) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"})
        for sequence in sequences:
            await sink.publish(frame(sequence), tracks(PERSON), [])


def start(target: str, mode: str, count: int = 0) -> subprocess.Popen:
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, WRITING, target, mode, str(count)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stderr.readline() == "open\n"
    return child


async def test_a_service_writes_detections_and_events(tmp_path):
    path = tmp_path / "out.jsonl"
    async with json_lines(str(path), lossless=False) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"})
        await sink.publish(frame(0), tracks(PERSON), [event("start")])
        await sink.publish(frame(1), tracks(), [])
        await sink.conclude("front", [event("end")])
    told = [(record.schema_, getattr(record, "phase", None)) for record in records(path)]
    assert told == [
        ("sightline.detections/1", None),
        ("sightline.events/1", "start"),
        ("sightline.detections/1", None),
        ("sightline.events/1", "end"),
    ]
    assert records(path)[3].width == 320


async def test_detect_writes_one_line_per_frame_and_its_file(tmp_path):
    path = tmp_path / "out.jsonl"
    async with json_lines(str(path), lossless=True) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"}, file_of=lambda f: f"{f.sequence}.jpg", snapshots=False)
        for sequence in range(3):
            await sink.publish(frame(sequence), tracks(), [event("start")])
    told = records(path)
    assert [record.file for record in told[::2]] == ["0.jpg", "1.jpg", "2.jpg"]
    # No pictures are kept beside.
    assert [record.snapshot for record in told[1::2]] == [None] * 3


async def test_a_service_continues_its_file_and_detect_starts_anew(tmp_path):
    path = tmp_path / "out.jsonl"
    await write(path, 0, 1)
    await write(path, 2)
    assert [record.frame for record in records(path)] == [0, 1, 2]
    await write(path, 7, lossless=True)
    assert [record.frame for record in records(path)] == [7]


@pytest.mark.parametrize("cut", [1, 2, 30, 150])
async def test_a_torn_last_line_is_cut_off(tmp_path, caplog, cut):
    path = tmp_path / "out.jsonl"
    await write(path, 0, 1, 2)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with caplog.at_level(logging.WARNING):
        await write(path, 3)
    assert [record.frame for record in records(path)] == [0, 1, 3]
    assert "cut off a torn last line" in caplog.text


async def test_a_torn_line_longer_than_a_block_is_cut_off(tmp_path):
    path = tmp_path / "out.jsonl"
    await write(path, 0)
    with path.open("ab") as file:
        file.write(b'{"schema":"sightline.detections/1","objects":[' + b" " * 200_000)
    await write(path, 1)
    assert [record.frame for record in records(path)] == [0, 1]


async def test_a_file_that_is_not_ours_stays_as_it_is(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("milk\nbread")
    with pytest.raises(ConfigError, match=r"notes\.txt: expected JSON Lines of sightline"):
        await write(path, 0)
    assert path.read_text() == "milk\nbread"


@pytest.mark.parametrize("target", ["missing/out.jsonl", "."])
async def test_a_path_that_cannot_be_written_is_told_at_once(tmp_path, monkeypatch, target):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=f"^cannot write {target}: (No such file|Is a directory)"):
        await write(Path(target), 0)


async def test_killed_at_any_moment_it_opens_again(tmp_path):
    path = tmp_path / "out.jsonl"
    for wait_s in (0.03, 0.3):
        child = start(str(path), "live")
        child.stdout.close()
        time.sleep(wait_s)
        child.kill()
        child.communicate()
        await write(path, 999_999)
    kept = records(path)
    assert [record.frame for record in kept if record.schema_ == "sightline.detections/1"].count(999_999) == 2
    assert len(kept) > 10


async def test_a_full_device_ends_detect_with_one_line():
    with pytest.raises(SinkUnavailable, match=r"^cannot write /dev/full: No space left on device$"):
        await write(Path("/dev/full"), 0, lossless=True)


async def test_a_full_device_never_stops_a_service(caplog):
    losses = Losses()
    async with json_lines("/dev/full", lossless=False, observer=losses) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"})
        for sequence in range(20):
            await sink.publish(frame(sequence), tracks(PERSON), [])
    assert losses == {("json", "unavailable"): 20}
    assert caplog.text.count("No space left on device") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="a small file system to fill needs root")
async def test_a_disk_that_fills_up_holds_whole_lines_and_is_used_again(tmp_path):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=True)
    try:
        path, filler = tmp_path / "out.jsonl", tmp_path / "filler"
        filler.write_bytes(b"x" * 40_000)
        losses = Losses()
        async with json_lines(str(path), lossless=False, observer=losses) as lines:
            sink = JsonLinesSink(lines, {"front": "nano"})
            for sequence in range(500):
                await sink.publish(frame(sequence), tracks(PERSON), [])
        first = [record.frame for record in records(path)]
        assert first == list(range(len(first)))
        assert losses == {("json", "unavailable"): 500 - len(first)}
        assert len(first) > 10

        filler.unlink()
        await write(path, 1000)
        assert [record.frame for record in records(path)] == [*first, 1000]
    finally:
        subprocess.run(["umount", tmp_path], check=True)


async def test_a_reader_that_goes_away_ends_detect_with_one_line():
    with start("-", "lossless") as child:
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == "cannot write standard output: Broken pipe\n"
    assert child.returncode == 1


async def test_a_slow_reader_loses_nothing_of_detect():
    child = start("-", "lossless", 500)
    output, errors = child.communicate()
    frames = [json.loads(line)["frame"] for line in output.splitlines() if '"sightline.detections' in line]
    assert frames == list(range(500))
    assert child.returncode == 0
    assert errors == "{}\n"


async def test_a_reader_that_stops_reading_never_holds_up_a_service():
    with start("-", "live", 3000) as child:
        assert child.wait(timeout=30) == 0
        assert "'json busy'" in child.stderr.read()


async def test_a_record_that_cannot_be_said_is_counted_and_left_out(tmp_path, caplog):
    path, losses = tmp_path / "out.jsonl", Losses()
    wrong = tracks(PERSON)
    wrong.detections.xyxy[0, 0] = float("nan")
    async with json_lines(str(path), lossless=False, observer=losses) as lines:
        sink = JsonLinesSink(lines, {"front": "nano"})
        for sequence in range(3):
            await sink.publish(frame(sequence), wrong if sequence < 2 else tracks(), [])
    assert [record.frame for record in records(path)] == [2]
    assert losses == {("json", "rejected"): 2}
    assert caplog.text.count("left out a record") == 1
    assert records(path)[0].captured_at > NOON
