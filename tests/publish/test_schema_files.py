"""The published schemas: what is committed is what is said, and what was promised holds for years."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft7Validator, Draft202012Validator
from results import event, frame, tracks
from test_messages import records
from test_scene_records import CROSSED, DROPPED, ENTERED, LEFT, STARTED, TOTALS

from streamer.cli import main
from streamer.errors import SchemaBroken
from streamer.event import CameraEvent, Happening
from streamer.messages.detections import DetectionRecord
from streamer.messages.evolution import breaks
from streamer.messages.records import record_of, schemas
from streamer.messages.schema_files import schema_files, write_schemas

PUBLISHED = Path(__file__).parents[2] / "deploy" / "kafka" / "schemas"
FILES = sorted(schema_files())

Schema = dict[str, Any]


def published(name: str) -> Schema:
    return json.loads((PUBLISHED / name).read_text())


def test_what_is_published_is_what_is_said(tmp_path: Path) -> None:
    """If this fails: ``sightline messages schemas --out deploy/kafka/schemas``, which refuses what breaks."""
    write_schemas(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert {path.name: path.read_text() for path in PUBLISHED.iterdir()} == written


@pytest.mark.parametrize("name", FILES)
def test_programs_written_against_what_is_published_read_what_is_said(name: str) -> None:
    assert breaks(published(name), schema_files()[name]) == []


@pytest.mark.parametrize("name", FILES)
def test_they_are_schemas_in_either_draft(name: str) -> None:
    Draft202012Validator.check_schema(published(name))
    Draft7Validator.check_schema({**published(name), "$schema": "http://json-schema.org/draft-07/schema#"})


def objects_in(schema: Any) -> Iterator[Schema]:
    """Every description of an object with keys, at any depth."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for each in schema:
            yield from objects_in(each)


def remove(described: Schema, key: str) -> None:
    del described["properties"][key]
    described["required"] = [each for each in described["required"] if each != key]


def rename(described: Schema, key: str) -> None:
    described["properties"][f"{key}_new"] = described["properties"][key]
    described["required"] = [*described["required"], f"{key}_new"]
    remove(described, key)


def retype(described: Schema, key: str) -> None:
    described["properties"][key] = {"type": "object"}


def allow_null(described: Schema, key: str) -> None:
    described["properties"][key] = {"anyOf": [described["properties"][key], {"type": "null"}]}


def constrain(described: Schema, key: str) -> None:
    described["properties"][key] = {**described["properties"][key], "not": {"const": "x"}}


def turn_necessity(described: Schema, key: str) -> None:
    needed = set(described["required"])
    described["required"] = sorted(needed ^ {key})


BREAKING = (remove, rename, retype, allow_null, constrain, turn_necessity)


@pytest.mark.parametrize("change", BREAKING)
@pytest.mark.parametrize("name", FILES)
def test_a_change_that_programs_notice_is_found_at_every_key(
    name: str, change: Callable[[Schema, str], None]
) -> None:
    count = len(list(objects_in(published(name))))
    for index in range(count):
        for key in list(objects_in(published(name)))[index]["properties"]:
            changed = published(name)
            change(list(objects_in(changed))[index], key)
            assert any(f".{key}" in line for line in breaks(published(name), changed)), key


@pytest.mark.parametrize("name", FILES)
def test_a_new_key_may_come_only_if_it_may_be_absent(name: str) -> None:
    for index in range(len(list(objects_in(published(name))))):
        changed = published(name)
        described = list(objects_in(changed))[index]
        described["properties"]["speed"] = {"type": "number"}
        assert breaks(published(name), changed) == []
        described["required"].append("speed")
        assert any(".speed: is new" in line for line in breaks(published(name), changed))


def test_a_new_value_of_a_choice_is_a_change_and_a_new_text_is_not() -> None:
    name = "sightline.cameras-1.json"
    changed = published(name)
    changed["description"] = changed["properties"]["state"]["description"] = "other words"
    assert breaks(published(name), changed) == []
    changed["properties"]["state"]["enum"].append("stolen")
    (line,) = breaks(published(name), changed)
    assert line.startswith(".state: enum: expected")


def test_where_a_part_is_described_makes_no_difference() -> None:
    name = "sightline.detections-1.json"
    changed = published(name)
    parts = changed.pop("$defs")
    changed["$defs"] = {f"The{part}": schema for part, schema in parts.items()}
    moved = json.loads(json.dumps(changed).replace("#/$defs/", "#/$defs/The"))
    assert breaks(published(name), moved) == []


HAPPENINGS: tuple[Happening, ...] = (
    *(event(phase) for phase in ("start", "update", "end")),
    ENTERED,
    LEFT,
    CROSSED,
    TOTALS,
    CameraEvent("yard", "covered", "the picture has no structure", ENTERED.at),
    CameraEvent("yard", "up", None, ENTERED.at),
)


@pytest.mark.parametrize("happening", HAPPENINGS, ids=lambda each: type(each).__name__)
def test_what_is_told_fits_what_is_published(happening: Happening) -> None:
    wire = json.loads(record_of(happening, (320, 240)).encoded())
    check(wire)
    # As an older program sees a newer record.
    check({**wire, "speed": 1.5})
    for key in wire:
        with pytest.raises(AssertionError):
            check({other: value for other, value in wire.items() if other != key}, wire["schema"])


@given(records)
def test_every_result_fits_what_is_published(record: DetectionRecord) -> None:
    check(json.loads(record.encoded()))


def test_decisions_fit_what_is_published() -> None:
    check(json.loads(DetectionRecord.of(frame(), tracks(), "m", why=[DROPPED, STARTED]).encoded()))


def check(wire: dict[str, Any], schema: str = "") -> None:
    name = f"{(schema or wire['schema']).replace('/', '-')}.json"
    validator = Draft202012Validator(published(name), format_checker=Draft202012Validator.FORMAT_CHECKER)
    errors = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(wire)]
    assert errors == []


def old(folder: Path, name: str, change: Callable[[Schema], None]) -> None:
    """A file as an earlier version wrote it."""
    schema = deepcopy(published(name))
    change(schema)
    (folder / name).write_text(json.dumps(schema))


def test_what_programs_rely_on_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "sightline.zones-1.json"
    old(tmp_path, name, lambda schema: schema["properties"].update(speed={"type": "number"}))
    before = (tmp_path / name).read_bytes()
    with pytest.raises(
        SchemaBroken, match=r"zones-1\.json: expected a new value of schema .* \.speed: is gone"
    ):
        write_schemas(tmp_path)
    assert main(["messages", "schemas", "--out", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"sightline: {tmp_path / name}: expected a new value of schema")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [before]


def test_what_only_grew_is_written_over(tmp_path: Path) -> None:
    name = "sightline.detections-1.json"
    old(tmp_path, name, lambda schema: schema["properties"].pop("explain"))
    assert main(["messages", "schemas", "--out", str(tmp_path)]) == 0
    assert json.loads((tmp_path / name).read_text()) == published(name)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_another_file_of_that_name_is_one_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "sightline.zones-1.json"
    path.write_text(text)
    assert main(["messages", "schemas", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == (
        f"sightline: {path}: expected a JSON Schema, received something else\n"
    )
    assert path.read_text() == text


def test_the_command_prints_them_by_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["messages", "schemas"]) == 0
    assert json.loads(capsys.readouterr().out) == schemas()


@pytest.mark.parametrize("action", ["schemas", "asyncapi"])
def test_a_folder_that_is_none_is_one_line(
    action: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_text("")
    assert main(["messages", action, "--out", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"sightline: {file}: cannot be written: ")
