"""The store of models: versions that appear whole, one that serves, and the way back."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from miniature import LABELS, write, yolox

from detectors import store
from detectors.detector import load
from detectors.errors import ModelLoadError
from detectors.session import SessionOptions
from detectors.store import ModelStore

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def models(tmp_path):
    return ModelStore(tmp_path / "models")


def add(models, name="parcels", content=b"weights", manifest="{}"):
    with models.stage(name) as folder:
        (folder / "model.onnx").write_bytes(content)
        (folder / "model.json").write_text(manifest)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def test_nothing_is_there_before_the_first_model(models):
    assert models.names() == ()
    assert models.versions("parcels") == ()
    assert models.serving("parcels") is None
    with pytest.raises(ModelLoadError, match=r"'parcels': no such model in .* \(there: none\)"):
        models.find("parcels")


def test_the_first_version_serves_at_once_and_later_ones_when_they_are_promoted(models):
    for number in range(1, 12):
        add(models, content=str(number).encode())
    assert models.names() == ("parcels",)
    assert models.versions("parcels") == tuple(str(number) for number in range(1, 12))
    assert models.serving("parcels") == models.find("parcels").version == "1"
    assert models.find("parcels@newest").weights.read_bytes() == b"11"
    models.promote("parcels", "10")
    assert models.find("parcels").weights.read_bytes() == b"10"
    pointer = models.folder / "parcels" / "serving.json"
    assert json.loads(pointer.read_text()) == {"serving": "10", "before": ["1"]}


def test_rollback_goes_back_version_by_version(models):
    for _ in range(3):
        add(models)
    models.promote("parcels", "2")
    models.promote("parcels", "3")
    models.promote("parcels", "3")
    assert [models.rollback("parcels"), models.rollback("parcels")] == ["2", "1"]
    with pytest.raises(ModelLoadError, match="parcels: no version served before 1"):
        models.rollback("parcels")
    assert models.serving("parcels") == "1"


def test_what_is_not_there_is_told_in_one_line(models):
    add(models)
    add(models)
    for wrong in (partial(models.promote, version="7"), partial(models.remove, version="7")):
        with pytest.raises(ModelLoadError, match="parcels@7: no such version: expected one of 1, 2"):
            wrong("parcels")
    for name in ("parcels@7", "parcels@", "parcels@../1", "parcels@01"):
        with pytest.raises(ModelLoadError, match="no such version"):
            models.find(name)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "Parcels", "a/b", "a b", "-a", "a\n", "a" * 101, "sightline-nano"]
)
def test_names_that_no_model_can_have(models, name):
    with pytest.raises(ModelLoadError, match="expected a name like"), models.stage(name):
        pytest.fail("a folder was given")
    for asks in (models.find, models.rollback, models.remove):
        with pytest.raises(ModelLoadError, match="no such model"):
            asks(name)
    assert not models.folder.exists() or names_in(models.folder) == [".lock"]


def fail(models):
    with models.stage("parcels") as folder:
        (folder / "model.onnx").write_bytes(b"half")
        raise OSError("no space")


def test_a_version_that_fails_or_lacks_its_model_is_never_seen(models):
    with pytest.raises(OSError, match="no space"):
        fail(models)
    assert not (models.folder / "parcels").exists()
    add(models)
    with (
        pytest.raises(ModelLoadError, match=r"expected model\.json in a new version"),
        models.stage("parcels") as folder,
    ):
        (folder / "model.onnx").write_bytes(b"half")
    assert models.versions("parcels") == ("1",)


KILLED = """
import os, signal, sys
from pathlib import Path
from detectors.store import ModelStore
with ModelStore(Path(sys.argv[1])).stage("parcels") as folder:
    (folder / "model.onnx").write_bytes(b"half")
    (folder / "model.json").write_text("{}")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_of_a_maker_that_is_killed_nothing_is_seen_and_its_rest_goes_in_the_end(models):
    ended = subprocess.run([sys.executable, "-c", KILLED, models.folder], cwd=ROOT, check=False)
    assert ended.returncode == -signal.SIGKILL
    home = models.folder / "parcels"
    [rest] = home.iterdir()
    assert (rest / "model.onnx").exists()
    assert models.names() == models.versions("parcels") == ()
    add(models)
    assert models.versions("parcels") == ("1",)
    assert rest.exists()
    os.utime(rest, (0, 0))
    add(models)
    assert names_in(home) == ["1", "2", "serving.json"]


def test_many_makers_at_once_get_a_version_each(models):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: add(models, content=str(number).encode()), range(16)))
    contents = {
        models.find(f"parcels@{version}").weights.read_bytes() for version in models.versions("parcels")
    }
    assert contents == {str(number).encode() for number in range(16)}
    assert models.versions("parcels") == tuple(map(str, range(1, 17)))


def test_the_pointer_is_whole_at_every_moment(models):
    for _ in range(2):
        add(models)
    with ThreadPoolExecutor(1) as pool:
        swapping = pool.submit(lambda: [models.promote("parcels", "21"[n % 2]) for n in range(200)])
        seen = set()
        while not swapping.done():
            seen.add(models.find("parcels").version)
        swapping.result()
    assert seen <= {"1", "2"}
    assert models.serving("parcels") == "1"


def test_a_version_is_removed_unless_it_serves(models):
    for _ in range(3):
        add(models)
    models.promote("parcels", "2")
    with pytest.raises(ModelLoadError, match="parcels@2 serves: promote another version first"):
        models.remove("parcels", "2")
    models.remove("parcels", "1")
    assert models.versions("parcels") == ("2", "3")
    with pytest.raises(ModelLoadError, match="no version served before"):
        models.rollback("parcels")
    models.remove("parcels", "3")
    models.remove("parcels", "2")
    assert models.names() == ()
    assert names_in(models.folder) == [".lock", ".numbers.json"]


def test_a_model_goes_with_all_its_versions(models):
    add(models)
    add(models)
    add(models, "couriers")
    models.remove("parcels")
    assert models.names() == ("couriers",)


def test_a_damaged_pointer_is_told(models):
    add(models)
    (models.folder / "parcels" / "serving.json").write_text("{}")
    with pytest.raises(ModelLoadError, match=r"serving\.json: cannot be read"):
        models.find("parcels")


def test_models_are_found_built_in_then_in_the_store_then_at_a_path(models, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(yolox(), tmp_path / "parcels", labels=LABELS)
    assert store.resolve("parcels", models.folder).weights == Path("parcels")
    add(models)
    assert store.resolve("parcels", models.folder).version == "1"
    assert store.resolve("parcels@1", models.folder).version == "1"
    assert store.resolve("parcels").weights == Path("parcels")
    assert store.resolve("sightline-nano", models.folder).weights.parent == store.BUILTIN
    with pytest.raises(ModelLoadError, match="did you mean 'parcels'"):
        store.resolve("parcel", models.folder)


def test_a_model_of_the_store_is_loaded_by_its_name(models, tmp_path):
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    manifest = json.loads(path.with_suffix(".json").read_text())
    add(models, "mini", path.read_bytes(), json.dumps({**manifest, "name": "mini", "version": "1"}))
    detector = load("mini", SessionOptions("cpu", 1), tmp_path / "cache", models.folder)
    assert (detector.manifest.name, detector.manifest.version) == ("mini", "1")


def test_the_number_of_a_version_never_comes_again(models):
    add(models)
    add(models)
    models.remove("parcels", "2")
    add(models)
    assert models.versions("parcels") == ("1", "3")
    models.remove("parcels")
    assert models.versions("parcels") == ()
    add(models)
    assert (models.versions("parcels"), models.serving("parcels")) == (("4",), "4")
    add(models, "letters")
    assert models.versions("letters") == ("1",)


def test_whoever_published_a_version_finds_it_among_those_of_others(models):
    for number, content in enumerate((b"mine", b"another's")):
        with models.stage("parcels") as folder:
            (folder / "model.onnx").write_bytes(content)
            (folder / "model.json").write_text(json.dumps({"name": "parcels", "sha256": f"{number}" * 64}))
    assert models.version_of("parcels", "0" * 64) == "1"
    assert models.version_of("parcels", "1" * 64) == "2"
    models.remove("parcels")
    with pytest.raises(ModelLoadError, match="was removed"):
        models.version_of("parcels", "0" * 64)
