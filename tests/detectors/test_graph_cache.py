"""A model is compiled once; a cache that is damaged or cannot be written only costs time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from miniature import LABELS, write, yolox

from detectors.compiling.cache import KEPT, Entry, GraphCache, default_folder
from detectors.detector import load
from detectors.session import SessionOptions

CPU = SessionOptions(provider="cpu", workers=1)
ENTRY = Entry(b'{"name": "x"}', bytes(range(256)) * 10)
ROOT = Path(__file__).parent.parent.parent


def test_what_was_put_comes_back(tmp_path):
    cache = GraphCache(tmp_path / "deep" / "folder")
    assert cache.get("key") is None
    cache.put("key", ENTRY)
    assert cache.get("key") == ENTRY
    assert cache.get("other") is None
    assert (tmp_path / "deep" / "folder").stat().st_mode & 0o077 == 0


def test_a_damaged_entry_counts_as_none(tmp_path):
    cache = GraphCache(tmp_path)
    cache.put("key", ENTRY)
    [path] = tmp_path.iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], whole[:40], whole + b"x", whole.replace(b"x", b"y"), b"\n\n\n"):
        path.write_bytes(damaged)
        assert cache.get("key") is None


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/nowhere")):
        cache = GraphCache(folder)
        cache.put("key", ENTRY)
        assert cache.get("key") is None
    assert (tmp_path / "file").read_text() == "in the way"


def test_no_model_needs_a_cache(tmp_path):
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    assert load(str(path), CPU, cache=Path("/proc/nowhere")).labels == LABELS


def test_the_longest_unused_entries_go(tmp_path):
    cache = GraphCache(tmp_path)
    for number in range(KEPT):
        cache.put(f"key{number}", ENTRY)
        os.utime(tmp_path / f"key{number}.graph", (number, number))
    assert cache.get("key0") is not None  # used just now
    cache.put("new", ENTRY)
    assert cache.get("key0") == cache.get("new") == ENTRY
    assert cache.get("key1") is None
    assert len(list(tmp_path.iterdir())) == KEPT


def test_a_cached_model_loads_without_onnx(tmp_path):
    path = write(yolox(), tmp_path / "mini.onnx", labels=LABELS)
    load(str(path), CPU, cache=tmp_path / "cache")
    program = (
        "import sys; from pathlib import Path; from detectors.detector import load\n"
        "detector = load(sys.argv[1], cache=Path(sys.argv[2])); detector.warm_up(quick=True)\n"
        "print(*sorted({'onnx', 'supervision', 'onnxruntime'} & set(sys.modules)), detector.labels[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path), str(tmp_path / "cache")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["onnxruntime", "ant"]
    assert done.stderr == ""


def test_the_user_chooses_where_caches_are(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_folder() == tmp_path / "sightline" / "graphs"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/someone")
    assert default_folder() == Path("/home/someone/.cache/sightline/graphs")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path("/home/someone/.cache/sightline/graphs")


@pytest.mark.parametrize("other", ["name", "content"])
def test_another_model_has_another_key(other, tmp_path):
    first = write(yolox(), tmp_path / "one.onnx", labels=LABELS)
    load(str(first), CPU, cache=tmp_path / "cache")
    model = yolox()
    if other == "content":
        model.doc_string = "changed"
    second = write(model, tmp_path / ("two.onnx" if other == "name" else "one.onnx"), labels=LABELS)
    detector = load(str(second), CPU, cache=tmp_path / "cache")
    assert detector.manifest.name == second.stem
    assert len(list((tmp_path / "cache").iterdir())) == 2
