"""``sightline doctor``: every check finds what is wrong, and says what to do."""

from __future__ import annotations

import socket
from pathlib import Path

import anyio
import pytest
from rtsp.clips import Clip, encode

from streamer.config.file import validated
from streamer.config.tree import Config
from streamer.doctor.cameras import examine_camera, with_clock
from streamer.doctor.checks import detector, examine
from streamer.doctor.finding import Finding
from streamer.doctor.machine import data_folder, port

pytestmark = pytest.mark.anyio


def config(data: Path, **cameras: dict[str, object]) -> Config:
    return validated({"cameras": cameras, "data": data, "http": {"port": 0}})


async def test_a_good_machine_has_nothing_to_mend(tmp_path: Path) -> None:
    with anyio.fail_after(60):
        sections = dict(await examine(config(tmp_path, street={"source": "sim://street?size=320x240"})))
    assert list(sections) == ["machine", "detectors", "cameras", "data", "http", "access"]
    assert all(finding.good for findings in sections.values() for finding in findings), sections
    assert sections["cameras"][0].text.startswith("street: 320x240, about ")


async def test_cameras_that_do_not_answer_are_told_apart(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"rtsp://127.0.0.1:{closed.getsockname()[1]}/x"
        cameras = config(
            tmp_path,
            refused={"source": address, "timeout_s": 2, "username": "u", "password": "hunter2"},
            missing={"source": str(tmp_path / "no.mp4")},
            unknown={"source": "gopher://x"},
        )
        with anyio.fail_after(60):
            findings = dict(await examine(cameras))["cameras"]
    assert not any(finding.good for finding in findings)
    refused, missing, unknown = findings
    assert "refused" in refused.text
    assert refused.advice is not None
    assert "no such file" in missing.text.lower()
    assert "gopher" in unknown.text
    assert "hunter2" not in str(findings)


async def test_a_camera_says_how_it_is_decoded(tmp_path: Path) -> None:
    video = str(encode(Clip(), tmp_path))
    [finding] = await examine_camera("gate", config(tmp_path, gate={"source": video}).cameras["gate"])
    assert finding.good
    assert finding.text.endswith(", decoded by cpu")


def test_a_clock_that_is_off_is_told() -> None:
    assert with_clock("gate: good", -0.02, 2.0) == Finding(True, "gate: good")
    assert with_clock("gate: good", None, 2.0) == Finding(True, "gate: good")
    told = with_clock("gate: good", -3600.0, 2.0)
    assert told.text == "gate: good; its clock is 3600.0 s behind"
    assert told.advice is not None


def test_a_model_that_does_not_exist_is_found() -> None:
    wrong = validated(
        {"cameras": {"a": {"source": "x"}}, "detectors": {"default": {"model": "no-such-model"}}}
    )
    found = detector("default", wrong.detectors["default"])
    assert not found.good
    assert "no-such-model" in found.text


def test_a_data_folder_that_is_a_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    assert [finding.good for finding in data_folder(config(tmp_path / "data", a={"source": "x"}))] == [False]


def test_a_port_in_use_is_found() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        http = validated({"cameras": {"a": {"source": "x"}}, "http": {"port": taken.getsockname()[1]}}).http
        findings: list[Finding] = list(port(http))
    assert [finding.good for finding in findings] == [False]
    assert findings[0].advice == "choose another port with --port"


async def test_both_streams_of_a_camera_are_examined(tmp_path: Path) -> None:
    streams = {"main": "sim://street?size=160x90", "sub": "sim://street?size=96x72"}
    cameras = config(
        tmp_path, gate={"source": streams}, lost={"source": {**streams, "main": "gopher://x/1"}}
    ).cameras
    with anyio.fail_after(60):
        main, sub, shapes = await examine_camera("gate", cameras["gate"])
        lost, fine = await examine_camera("lost", cameras["lost"])
    assert main.text.startswith("gate (main): 160x90, about ")
    assert sub.text.startswith("gate (sub): 96x72, about ")
    assert (shapes.good, "of another shape" in shapes.text) == (True, True)
    assert (lost.good, fine.good) == (False, True)
    assert lost.text.startswith("cameras.lost.source.main: expected a path, ")
