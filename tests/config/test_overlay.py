"""What is changed while the service runs, laid over the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from streamer.config.document import parse_document
from streamer.config.overlay import laid_over
from streamer.config.settings import DEFAULT, Settings
from streamer.config.show import shown
from streamer.errors import ConfigError

SQUARE: Final = "polygon: [[0, 0], [1, 0], [1, 1]]"
FILE: Final = f"""\
# A comment.
zones: {{porch: {{{SQUARE}}}}}
cameras:
  gate:
    source: rtsp://h/1
    detect: {{fps: 2}}
  yard: {{source: "${{YARD}}"}}
"""


def settings(folder: Path, overlay: str | None = None, text: str = FILE) -> Settings:
    if overlay is not None:
        (folder / "settings.yaml").write_text(overlay)
    return Settings(parse_document(text, "c.yaml", {"YARD": "rtsp://h/2"}), folder)


def change(found: Settings, **cameras: Any) -> None:
    found.keep(found.plan({"cameras": cameras}))


def test_what_was_changed_wins_and_the_rest_stays(tmp_path: Path) -> None:
    found = settings(tmp_path, "cameras: {gate: {detect: {labels: [person]}}}")
    gate = found.config.cameras["gate"]
    assert (gate.detect.fps, gate.detect.labels, gate.source) == (2, ("person",), "rtsp://h/1")


def test_null_takes_away_what_is_said_or_inherited(tmp_path: Path) -> None:
    found = settings(tmp_path)
    assert list(found.config.cameras["gate"].zones) == ["porch"]
    change(found, gate={"zones": {"porch": None}, "detect": {"fps": None}}, yard=None)
    assert list(found.config.cameras) == ["gate"]
    assert found.config.cameras["gate"].zones == {}
    assert found.config.cameras["gate"].detect.fps == 5
    # So it is for the next process.
    assert settings(tmp_path).config == found.config


def test_where_each_value_comes_from(tmp_path: Path) -> None:
    found = settings(tmp_path, text=FILE + "detect: {labels: [person]}\n")
    gate = ("cameras", "gate")
    assert found.origin((*gate, "source")) == "c.yaml:5"
    assert found.origin((*gate, "detect", "fps")) == "c.yaml:6"
    assert found.origin((*gate, "detect", "labels")) == "c.yaml:8"
    assert found.origin((*gate, "title")) == DEFAULT
    change(found, gate={"title": "Gate", "detect": {"fps": None}})
    for path in ((*gate, "title"), (*gate, "detect", "fps")):
        assert found.origin(path).startswith(str(tmp_path / "settings.yaml:"))
        assert found.is_changed(path)
    assert not found.is_changed((*gate, "source"))
    assert found.origin(("cameras", "yard", "detect", "fps")) == DEFAULT
    assert Settings.of({"cameras": {"gate": {"source": "x"}}}).origin((*gate, "source")) == "command line"


def test_what_was_taken_away_comes_back(tmp_path: Path) -> None:
    found = settings(tmp_path)
    before = found.config
    change(found, gate={"zones": {"porch": None}}, yard=None)
    change(found, gate={"zones": {"porch": yaml.safe_load(f"{{{SQUARE}}}")}}, yard={})
    assert found.config == before


def test_what_is_said_of_a_camera_that_nobody_names_counts_for_nothing(tmp_path: Path) -> None:
    found = settings(tmp_path, "cameras: {other: {detect: {fps: 1}}, own: {source: rtsp://h/3}}")
    assert set(found.config.cameras) == {"gate", "yard", "own"}
    change(found, gate={"title": "Gate"})
    assert "other" in yaml.safe_load((tmp_path / "settings.yaml").read_text())["cameras"]


def test_a_password_is_no_variable(tmp_path: Path) -> None:
    found = settings(tmp_path)
    change(found, gate={"username": "u", "password": "${YARD}"})
    password = settings(tmp_path).config.cameras["gate"].password
    assert password is not None
    assert password.get_secret_value() == "${YARD}"


def test_an_error_names_the_file_that_it_is_in(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, "cameras:\n  gate:\n    detect:\n      fps: fast\n")
    place = tmp_path / "settings.yaml"
    assert str(caught.value) == f"{place}:4: cameras.gate.detect.fps: expected a number, received 'fast'"


@pytest.mark.parametrize("text", ["", "cameras: [", "- 1", "\x00", "cameras: 5", "nonsense: 1"])
def test_a_broken_overlay_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml:1: "):
        settings(tmp_path, text)


def test_what_cannot_be_changed_changes_nothing(tmp_path: Path) -> None:
    found = settings(tmp_path)
    before = found.config
    with pytest.raises(ConfigError) as caught:
        change(found, gate={"zones": {"z": {"polygon": [[0, 0]]}}, "detect": {"fps": -1}})
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "cameras.gate.detect.fps",
        "cameras.gate.zones.z.polygon",
    ]
    assert found.config == before
    assert not (tmp_path / "settings.yaml").exists()


def test_a_disk_that_takes_nothing_is_told(tmp_path: Path) -> None:
    found = settings(tmp_path)
    (tmp_path / "settings.new").mkdir()
    (tmp_path / "settings.new" / "x").touch()
    before = found.config
    with pytest.raises(ConfigError, match="cannot be written"):
        change(found, gate={"title": "Gate"})
    assert found.config == before


def test_a_version_is_another_one_after_each_change(tmp_path: Path) -> None:
    found = settings(tmp_path)
    versions = [found.version("gate")]
    for password in ("one", "two"):
        change(found, gate={"username": "u", "password": password})
        versions.append(found.version("gate"))
    assert len(set(versions)) == 3
    yard = found.version("yard")
    change(found, gate={"title": "Gate"})
    assert found.version("yard") == yard


def test_each_value_is_shown_with_its_origin(tmp_path: Path) -> None:
    found = settings(tmp_path, "cameras:\n  gate:\n    detect: {labels: [person]}\n")
    text = shown(found, defaults=False)
    rows = dict(line.strip().split("  # ") for line in text.splitlines() if "#" in line)
    origins = {row.strip(): origin for row, origin in rows.items()}
    assert origins["source: rtsp://h/1"] == "c.yaml:5"
    assert origins["labels: [person]"] == f"{tmp_path}/settings.yaml:3"
    assert origins["polygon: [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]"] == "c.yaml:2"
    assert "default" not in origins.values()
    everything = yaml.safe_load(shown(found))
    assert everything["cameras"]["gate"]["transport"] == "tcp"


KEYS: Final = st.sampled_from("abc")
TREES: Final = st.recursive(
    st.none() | st.integers(0, 3), lambda below: st.dictionaries(KEYS, below, max_size=3), max_leaves=6
)
SECTIONS: Final = st.dictionaries(KEYS, TREES, max_size=3)


@given(SECTIONS, SECTIONS, SECTIONS)
def test_changes_may_be_taken_together(
    base: dict[str, Any], first: dict[str, Any], then: dict[str, Any]
) -> None:
    one_by_one = laid_over(laid_over(base, first), then)
    assert one_by_one == laid_over(base, laid_over(first, then)) or _clashes(first, then)
    assert laid_over(base, {}) == base
    assert laid_over(laid_over(base, first), first) == laid_over(base, first)


def _clashes(first: Any, then: Any) -> bool:
    """Whether a section takes a value's place: what is below the value then shines through."""
    if not isinstance(first, dict) or not isinstance(then, dict):
        return isinstance(then, dict) and not isinstance(first, dict)
    return any(_clashes(first[key], then[key]) for key in first.keys() & then.keys())
