"""A wrong option is told with its file and line by every command that reads the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from system.commanding import sightline
from system.wrong_inputs import write_wrong_inputs

from detectors.providers import DRIVER, unloadable

STREET = "sim://street?size=160x90"
SOURCES = "rtsp(s)://, http(s)://, webcam://NUMBER, sim://street or whip://"
CAMERAS = """cameras:
  a:
    source:
      main: "gopher://x/1"
      sub: "sim://street?wings=2"
  b:
    source: rtsp://bob:p@ss/word@h/1
  c: {source: webcam://front}
  d: {source: rtps://h/1}
  e:
    source: {main: 'sim://street?seeed=1', sub: 'sim://street?seed=1&seed=2'}
  f:
    source: %s
    decode: cuda
detectors:
  default:
    model: none.onnx
"""
OPTIONS = (
    "seed, fps, size, people, kinds, realtime, parked, parked_from, parked_until, crowd, night, rain, "
    "mirror, loss, gop, covered, frozen, blurred"
)
TOLD = {
    CAMERAS % STREET: (
        f"c.yaml:4: cameras.a.source.main: expected a path, {SOURCES}, received 'gopher://x/1'",
        f"c.yaml:5: cameras.a.source.sub: street option wings: expected one of {OPTIONS}, received wings=2",
        "c.yaml:7: cameras.b.source: expected rtsp://host[:port]/path, received 'rtsp://h/1'; a user name ",
        "c.yaml:8: cameras.c.source: expected webcam://NUMBER, received 'webcam://front'",
        f"c.yaml:9: cameras.d.source: expected a path, {SOURCES}, received 'rtps://h/1' "
        "(did you mean 'rtsp'?)",
        f"c.yaml:11: cameras.e.source.main: street option seeed: expected one of {OPTIONS}, received seeed=1 "
        "(did you mean 'seed'?)",
        "c.yaml:11: cameras.e.source.sub: street option seed: expected once, received again with '2'",
        "c.yaml:14: cameras.f.decode: expected auto or cpu for sim://, received 'cuda': there is nothing",
        "c.yaml:17: detectors.default.model: expected the name or path of a model, received none.onnx: ",
    ),
    f"decode: qsv\ncameras:\n  a: {{source: '{STREET}'}}\n  b: {{source: '{STREET}'}}": (
        "c.yaml:1: decode: expected auto or cpu for sim://, received 'qsv': there is nothing",
    ),
}
NO_GPU = unloadable(DRIVER, "") is not None


@pytest.mark.parametrize(("text", "told"), TOLD.items())
@pytest.mark.parametrize("command", ["config check", "run"])
def test_a_wrong_option_is_told_its_line(
    command: str, text: str, told: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "c.yaml").write_text(text)
    done = sightline(*command.split(), "c.yaml", cwd=tmp_path)
    lines = done.err.splitlines()
    assert (done.status, len(lines), done.out) == (2, len(told), "")
    for line, expected in zip(lines, told, strict=True):
        assert line.startswith(f"sightline: {expected}")


@pytest.fixture(scope="module")
def unusable(tmp_path_factory: pytest.TempPathFactory, footage: Path) -> Path:
    """A folder with files that no look at them can tell from good ones."""
    folder = tmp_path_factory.mktemp("unusable")
    write_wrong_inputs(folder, footage)
    rest = f"cameras: {{a: {{source: '{STREET}'}}}}\nhttp: {{port: 0}}\n"
    (folder / "model.yaml").write_text(f"detectors:\n  default:\n    model: half.onnx\n{rest}")
    (folder / "provider.yaml").write_text(f"detectors:\n  default:\n    provider: cuda\n{rest}")
    return folder


@pytest.mark.parametrize(
    ("file", "option"),
    [
        ("model.yaml", "model: expected the name or path of a model, received half.onnx: damaged, or "),
        pytest.param(
            "provider.yaml",
            "provider: expected auto or cpu on this machine, received provider cuda: no NVIDIA driver (",
            marks=pytest.mark.skipif(not NO_GPU, reason="this machine has a graphics card"),
        ),
    ],
)
def test_what_only_a_try_can_tell_names_the_option_too(unusable: Path, file: str, option: str) -> None:
    told = f"{file}:3: detectors.default.{option}"
    run = sightline("run", file, cwd=unusable)
    assert (run.status, len(run.told)) == (2, 1)
    assert run.told[0].startswith(f"sightline: {told}")
    detect = sightline("detect", STREET, "--config", file, cwd=unusable)
    assert (detect.status, len(detect.told)) == (2, 1)
    assert detect.told[0].startswith(f"sightline: {told}")
    doctor = sightline("doctor", file, cwd=unusable)
    assert doctor.status == 1
    assert f"FAIL  {told}" in doctor.out


def test_a_model_of_the_command_line_is_not_told_of_the_file(unusable: Path) -> None:
    done = sightline("run", "provider.yaml", "--model", "half.onnx", cwd=unusable)
    assert done.status == 2
    assert done.told == [
        "sightline: --model: expected the name or path of a model, received half.onnx: damaged, or not an "
        "ONNX file"
    ]
