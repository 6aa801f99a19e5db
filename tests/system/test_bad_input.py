"""What every command says of bad input: one line and exit status 2, or 1 for a failure at run time."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import cv2
import numpy as np
import pytest
from system.commanding import Done, sightline
from system.wrong_inputs import write_wrong_inputs

AT_ONCE = 3
RUN = "run --source sim://street --port 0"
SCORE = "models evaluate sightline-nano --images empty-folder --coco"
UNWRITABLE = "/proc/nowhere"
NUMBER = "expected a number from 0 to 1, received"
WHOLE = "expected a whole number from 1 on, received"


@dataclass(frozen=True, slots=True)
class Wrong:
    """A wrong command, and what it is told; ``{busy}``, ``{closed}`` and ``{web}`` are ports."""

    command: str
    says: str
    status: int = 2


CASES = [
    # The command line itself.
    Wrong("", "the following arguments are required: COMMAND; see sightline --help"),
    Wrong("fly", "argument COMMAND: invalid choice: 'fly'"),
    Wrong("detect", "the following arguments are required: SOURCE; see sightline detect --help"),
    Wrong("detect good.jpg --every 0", f"argument --every: {WHOLE} '0'"),
    Wrong("detect good.jpg --every two", f"argument --every: {WHOLE} 'two'"),
    Wrong("detect good.jpg --min-confidence 2", f"argument --min-confidence: {NUMBER} '2'"),
    Wrong("detect good.jpg --min-confidence=-0.1", f"argument --min-confidence: {NUMBER} '-0.1'"),
    Wrong("detect good.jpg --min-confidence nan", f"argument --min-confidence: {NUMBER} 'nan'"),
    Wrong("detect good.jpg --iou high", f"argument --iou: {NUMBER} 'high'"),
    Wrong("run wrong.yaml --source sim://street", "expected either a configuration file or --source"),
    Wrong(f"{RUN} --port 70000", "http.port: expected at most 65535, received 70000"),
    Wrong("bench --seconds 0", "argument --seconds: expected "),
    # Configurations.
    Wrong("run nowhere.yaml", "nowhere.yaml: cannot be read: No such file or directory"),
    Wrong("doctor nowhere.yaml", "nowhere.yaml: cannot be read: No such file or directory"),
    Wrong("config check empty-folder", "empty-folder: cannot be read: Is a directory"),
    Wrong("config check torn.yaml", "torn.yaml:3: expected YAML, received an error: "),
    Wrong("config check bytes.yaml", "bytes.yaml: expected UTF-8 text, received other bytes at 0"),
    Wrong("run variable.yaml", "variable.yaml:2: expected the environment variable SIGHTLINE_NOT_SET"),
    # Addresses.
    Wrong("run --source gopher://a/b", "received 'gopher://a/b'"),
    Wrong("detect gopher://a/b", "received 'gopher://a/b'"),
    Wrong("detect rtsp://no-such-host.invalid/cam", "name not found: no-such-host.invalid"),
    Wrong("detect rtsp://127.0.0.1:{closed}/cam", "rtsp://127.0.0.1:{closed}/cam: connection refused"),
    Wrong("detect http://127.0.0.1:{closed}/a.mp4", "http://127.0.0.1:{closed}/a.mp4: connection refused"),
    Wrong(
        "detect http://127.0.0.1:{web}/a.mp4", "http://127.0.0.1:{web}/a.mp4: nothing at this address (404)"
    ),
    Wrong(
        "run --source sim://street?wings=2", "street option wings: expected one of seed, fps, size, people"
    ),
    Wrong(
        "detect sim://street?people=many", "street option people: expected a whole number, received 'many'"
    ),
    Wrong("detect sim://moon", "expected sim://street?OPTIONS, received sim://moon"),
    # Pictures and videos.
    Wrong("detect text.mp4", "text.mp4: not a video"),
    Wrong("detect text.jpg", "text.jpg: not a picture"),
    Wrong("detect empty.mp4", "empty.mp4: "),
    Wrong("detect empty.jpg", "empty.jpg: not a picture"),
    Wrong("detect head.mp4", "head.mp4: not a video"),
    Wrong("detect missing.mp4", "missing.mp4: no such file or folder"),
    Wrong("detect empty-folder", "empty-folder: expected pictures or videos in this folder, received none"),
    Wrong("detect nothing-*.jpg", "nothing-*.jpg: matches no file"),
    # Models.
    Wrong("detect good.jpg --model nano", "nano: no such model: did you mean 'sightline-nano'?"),
    Wrong("detect good.jpg --model ./nano.onnx", "./nano.onnx: no such file"),
    Wrong(
        "detect good.jpg --model empty-folder",
        "empty-folder: expected an ONNX file or a SavedModel, received another folder",
    ),
    Wrong("detect good.jpg --model text.onnx", "text.onnx: damaged, or not an ONNX file"),
    Wrong("detect good.jpg --model empty.onnx", "empty.onnx: the file is empty"),
    Wrong("detect good.jpg --model half.onnx", "half.onnx: damaged, or not an ONNX file"),
    Wrong("detect good.jpg --model models/external.onnx", "'../outside.bin' lies outside the model's folder"),
    Wrong("detect good.jpg --model models/passwd.onnx", "'/etc/passwd' lies outside the model's folder"),
    Wrong("detect good.jpg --model models/large.onnx", "received 100000x100000"),
    Wrong("detect good.jpg --model models/claims.onnx", "claims 1073741824 bytes"),
    Wrong(f"{RUN} --model nano", "nano: no such model: did you mean 'sightline-nano'?"),
    Wrong(f"{RUN} --model half.onnx", "half.onnx: damaged, or not an ONNX file"),
    # Outputs.
    Wrong("detect good.jpg --json empty-folder", "cannot write empty-folder: Is a directory"),
    Wrong(f"detect good.jpg --json {UNWRITABLE}", f"cannot write {UNWRITABLE}: "),
    Wrong(f"detect good.mp4 --video {UNWRITABLE}.mp4", f"cannot write {UNWRITABLE}.mp4: "),
    Wrong("detect good.mp4 --video film.txt", "film.txt: expected a video name that ends in .mp4"),
    Wrong("detect good.jpg --video film.mp4", "--video: expected one video among the sources"),
    Wrong(f"detect good.jpg --pictures {UNWRITABLE}", f"cannot write to {UNWRITABLE}: "),
    Wrong("detect good.jpg --pictures a-file", "cannot write to a-file: "),
    Wrong("detect good.mp4 --json /dev/full", "cannot write /dev/full: No space left on device", status=1),
    Wrong(f"{RUN} --json {UNWRITABLE}", f"cannot write {UNWRITABLE}: "),
    Wrong(f"{RUN} --data a-file", "a-file: expected a folder, received a file"),
    Wrong(f"{RUN} --data {UNWRITABLE}", f"{UNWRITABLE}: cannot be written: "),
    Wrong("run --source sim://street --port {busy}", "cannot listen on 127.0.0.1:{busy}: ", status=1),
    Wrong("demo --port {busy}", "cannot listen on 127.0.0.1:{busy}: ", status=1),
    Wrong(f"{RUN} --host no-such-host.invalid", "cannot listen on no-such-host.invalid:0: ", status=1),
    # The other commands.
    Wrong(f"{SCORE} nowhere.json", "nowhere.json: No such file or directory"),
    Wrong(f"{SCORE} torn.json", "torn.json: "),
    Wrong(f"{SCORE} list.json", "list.json: "),
    Wrong(f"{SCORE} keys.json", "keys.json: "),
    Wrong(f"{SCORE} missing.json", "empty-folder/missing.jpg: no picture that can be read"),
    Wrong(f"{SCORE} unknown.json", "unknown.json: none of its classes is known to sightline-nano"),
    Wrong(
        f"models evaluate sightline-nano --images . --coco good.json --json {UNWRITABLE}",
        f"{UNWRITABLE}: cannot be written: ",
    ),
    Wrong("models evaluate nano --images empty-folder --coco missing.json", "nano: no such model"),
    Wrong(f"sim export sim://street --frames 1 --out {UNWRITABLE}", f"{UNWRITABLE}: cannot be written: "),
    Wrong("sim export sim://street --frames 1 --out a-file", "a-file: cannot be written: "),
    Wrong("sim export sim://street --frames 0 --out street", f"argument --frames: {WHOLE} '0'"),
    Wrong("sim export rtsp://street --frames 1 --out street", "expected sim://street?OPTIONS"),
    Wrong("track det.txt --out out.txt", "det.txt:2: expected frame, id, x, y, width, height, confidence"),
    Wrong("track nowhere.txt --out out.txt", "nowhere.txt: No such file or directory"),
    Wrong("track det.txt --out out.txt --fps 0", "argument --fps: expected a number above 0, received '0'"),
    Wrong(f"track good.txt --out {UNWRITABLE}", f"{UNWRITABLE}: cannot be written: "),
    Wrong("bench --source missing.mp4 --seconds 1", "missing.mp4: "),
    Wrong("bench --model nano --seconds 1", "nano: no such model"),
]


class Nothing(BaseHTTPRequestHandler):
    """Answers 404 to everything."""

    def do_GET(self) -> None:
        self.send_error(404)

    def log_message(self, *message: object) -> None:
        """Keeps quiet."""


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """One that is in use, one where nobody listens, and one where a web server knows nothing."""
    with socket.socket() as busy, socket.socket() as closed:
        for each in (busy, closed):
            each.bind(("127.0.0.1", 0))
        busy.listen()
        with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as web:
            Thread(target=web.serve_forever, daemon=True).start()
            numbers = {"busy": busy.getsockname()[1], "closed": closed.getsockname()[1]}
            yield {**numbers, "web": web.server_port}
            web.shutdown()


@pytest.fixture(scope="module")
def chosen(request: pytest.FixtureRequest) -> list[Wrong]:
    """The cases of this session."""
    functions = [item for item in request.session.items if isinstance(item, pytest.Function)]
    cases = {each.callspec.params.get("case") for each in functions if hasattr(each, "callspec")}
    return [case for case in CASES if case in cases]


@pytest.fixture(scope="module")
def outcome(
    tmp_path_factory: pytest.TempPathFactory, footage: Path, ports: dict[str, int], chosen: list[Wrong]
) -> Iterator[Callable[[Wrong], Done]]:
    """How each command ended; all were started when the first is asked for, a few at a time."""
    folder = tmp_path_factory.mktemp("wrong")
    write_wrong_inputs(folder, footage)
    cv2.imwrite(str(folder / "good.jpg"), np.zeros((64, 64, 3), np.uint8))
    (folder / "good.mp4").write_bytes(footage.read_bytes())
    (folder / "good.txt").write_text("1,-1,10,10,20,40,0.9\n")

    def run(case: Wrong) -> Done:
        arguments = case.command.format(**ports).split()
        if arguments[:1] in (["run"], ["demo"]) and "--data" not in arguments:
            arguments += ["--data", f"data-{CASES.index(case)}"]
        return sightline(*arguments, cwd=folder)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        running: dict[str, Future[Done]] = {case.command: pool.submit(run, case) for case in chosen}
        yield lambda case: running[case.command].result()
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.command or "nothing")
def test_bad_input_is_one_line(outcome: Callable[[Wrong], Done], ports: dict[str, int], case: Wrong) -> None:
    done = outcome(case)
    assert (done.status, len(done.err.splitlines())) == (case.status, 1), done.err
    assert done.err.startswith("sightline: ")
    assert case.says.format(**ports) in done.err
    assert done.out == ""


def test_a_configuration_is_told_all_its_errors_with_their_lines(tmp_path: Path, footage: Path) -> None:
    write_wrong_inputs(tmp_path, footage)
    for command in ("run", "doctor", "config check"):
        done = sightline(*command.split(), "wrong.yaml", cwd=tmp_path)
        assert done.status == 2
        assert [line.split(": ")[1] for line in done.err.splitlines()] == [
            "wrong.yaml:2",
            "wrong.yaml:3",
            "wrong.yaml:4",
        ]
        assert done.told == done.err.splitlines()


def test_a_damaged_video_is_told_and_what_is_good_of_it_is_used(tmp_path: Path, footage: Path) -> None:
    long = footage.read_bytes()
    moved = tmp_path / "moved.mp4"
    front(footage, moved)
    moved.write_bytes(moved.read_bytes()[: len(long) * 2 // 3])
    done = sightline("detect", moved, "--json", "out.jsonl", cwd=tmp_path)
    assert done.status == 1
    assert len(done.told) == 1
    assert "damaged: " in done.told[0]
    assert " of 100 frames could be read" in done.told[0]
    assert (tmp_path / "out.jsonl").read_text().count("\n") > 20


def front(video: Path, path: Path) -> None:
    """The same video with its index in front, as it is made for the web."""
    command = ["ffmpeg", "-v", "error", "-i", video, "-c", "copy", "-movflags", "+faststart", path]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
