"""A model by its name: verified, resumed, from a mirror or a file; never anything but the very bytes."""

import hashlib
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from detectors import catalogue
from detectors.catalogue import Entry
from detectors.download import Expected, Unreachable, alone, fetch
from detectors.errors import ModelLoadError
from streamer.cli import main

sys.path.append(str(Path(__file__).parents[1] / "detectors"))
from miniature import LABELS, yolox

CONTENT = yolox().SerializeToString()
EXPECTED = Expected(len(CONTENT), hashlib.sha256(CONTENT).hexdigest())


class Server:
    """A file server that may cut answers short, not know ranges, or have another file."""

    def __init__(self) -> None:
        self.content = CONTENT
        self.cut: int | None = None
        self.ranges = True
        self.status: int | None = None
        self.asked: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/m.onnx"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        wanted = handler.headers.get("Range")
        self.asked.append(wanted)
        if self.status is not None:
            handler.send_error(self.status)
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        body = self.content[start:]
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body[: self.cut])


@pytest.fixture
def server():
    served = Server()
    thread = threading.Thread(target=served.http.serve_forever)
    thread.start()
    yield served
    served.http.shutdown()
    thread.join()
    served.http.server_close()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "pulled" / "m.onnx"


def interrupted(server, target):
    server.cut = 1000
    with pytest.raises(Unreachable):
        fetch(server.url, target, EXPECTED, lambda _: None)
    server.cut = None
    assert not target.exists()


def test_a_download_that_was_cut_off_goes_on_where_it_was(server, target):
    interrupted(server, target)
    told = []
    fetch(server.url, target, EXPECTED, told.append)
    assert target.read_bytes() == CONTENT
    assert server.asked == [None, "bytes=1000-"]
    assert (told[0], told[-1]) == (1000, len(CONTENT))


def test_a_server_without_ranges_begins_again(server, target):
    server.ranges = False
    interrupted(server, target)
    fetch(server.url, target, EXPECTED, lambda _: None)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [CONTENT[:-1] + b"!", CONTENT + b"!", CONTENT * 3])
def test_other_bytes_are_refused_and_nothing_of_them_is_kept(wrong, server, target):
    server.content = wrong
    with pytest.raises(ModelLoadError, match=r"not the model: expected .*nothing of it was kept"):
        fetch(server.url, target, EXPECTED, lambda _: None)
    assert list(target.parent.iterdir()) == []


def test_what_a_server_says_is_told(server, target):
    server.status = 404
    with pytest.raises(Unreachable, match="the server answers 404 Not Found"):
        fetch(server.url, target, EXPECTED, lambda _: None)


def test_a_proxy_of_the_environment_is_used(server, target, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.delenv("no_proxy", raising=False)
    fetch("http://models.invalid/m.onnx", target, EXPECTED, lambda _: None)
    assert target.read_bytes() == CONTENT


@pytest.fixture
def known(server, monkeypatch, tmp_path):
    entry = Entry(
        name="mini", url=server.url, bytes=EXPECTED.size, sha256=EXPECTED.sha256, license="MIT",
        family="yolox", labels=LABELS, trained="made by hand", metrics={"AP": 1},
    )  # fmt: skip
    monkeypatch.setattr(catalogue, "entries", lambda: (entry,))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return entry


def test_a_model_is_pulled_from_its_address_or_a_file_and_is_a_version(known, server, tmp_path, capsys):
    assert main(["models", "pull", "mini"]) == 0
    (tmp_path / "copy.onnx").write_bytes(CONTENT)
    assert main(["models", "pull", "mini", "--from", "copy.onnx"]) == 0
    assert "mini@2: yolox, 3 classes" in capsys.readouterr().out
    assert len(server.asked) == 1
    folder = tmp_path / "sightline-data" / "models"
    assert (folder / "mini" / "1" / "model.onnx").read_bytes() == CONTENT
    assert '"license": "MIT"' in (folder / "mini" / "1" / "model.json").read_text()
    assert list((folder / ".pulled").iterdir()) == []


def test_without_a_network_it_says_what_to_copy_where(known, server, capsys):
    server.http.shutdown()
    server.http.server_close()
    assert main(["models", "pull", "mini"]) == 2
    told = capsys.readouterr().err
    assert "Connection refused" in told
    assert f"without a network fetch {server.url} elsewhere" in told
    assert "sightline models pull mini --from FILE" in told


def test_wrong_bytes_never_become_a_version(known, server, tmp_path, capsys):
    server.content = CONTENT[:-1] + b"!"
    assert main(["models", "pull", "mini"]) == 2
    assert "not the model" in capsys.readouterr().err
    assert not (tmp_path / "sightline-data" / "models" / "mini").exists()


def test_names_that_are_not_known(capsys):
    assert main(["models", "pull", "no-such"]) == 2
    assert "expected one of yolox_nano, nanodet_m_320" in capsys.readouterr().err


@pytest.mark.realdata
def test_the_catalogue_tells_the_very_bytes_that_were_evaluated(test_data):
    digests = {
        hashlib.sha256(path.read_bytes()).hexdigest(): path for path in (test_data / "models").glob("*.onnx")
    }
    for entry in catalogue.entries():
        assert digests[entry.sha256].stat().st_size == entry.bytes


@pytest.mark.parametrize("page", [b"<html>Please sign in</html>", CONTENT[:-1], CONTENT + b"!"])
def test_a_whole_answer_of_another_size_is_another_file_and_spoils_no_next_try(page, server, target):
    server.content = page
    with pytest.raises(ModelLoadError, match=rf"received {len(page)} bytes; nothing of it was kept"):
        fetch(server.url, target, EXPECTED, lambda _: None)
    server.content = CONTENT
    fetch(server.url, target, EXPECTED, lambda _: None)
    assert server.asked == [None, None]


def test_what_came_of_the_model_stays_when_a_page_comes_instead(server, target):
    interrupted(server, target)
    server.content, server.ranges = b"<html>Please sign in</html>", False
    with pytest.raises(ModelLoadError, match="received 27 bytes"):
        fetch(server.url, target, EXPECTED, lambda _: None)
    server.content, server.ranges = CONTENT, True
    fetch(server.url, target, EXPECTED, lambda _: None)
    assert server.asked[-1] == "bytes=1000-"
    assert target.read_bytes() == CONTENT


def test_a_file_that_is_not_the_model_is_told_on_one_line(known, tmp_path, capsys):
    (tmp_path / "other.onnx").write_bytes(CONTENT[:-1])
    for source, why in (
        ("no-such.onnx", "no-such.onnx: No such file or directory"),
        ("other.onnx", f"other.onnx: not the model: expected {EXPECTED.size} bytes"),
        (".", ".: not the model"),
        ("ftp://127.0.0.1/m.onnx", "expected an address of http or https, or a file"),
    ):
        assert main(["models", "pull", "mini", "--from", source]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert why in line
    assert list((tmp_path / "sightline-data" / "models" / ".pulled").iterdir()) == []


def test_two_that_fetch_the_same_do_not_write_into_one_another(known, tmp_path, capsys):
    target = tmp_path / "sightline-data" / "models" / ".pulled" / "mini.onnx"
    with alone(target):
        assert main(["models", "pull", "mini"]) == 2
        assert "mini: another command fetches it at this moment" in capsys.readouterr().err
    assert main(["models", "pull", "mini"]) == 0


def test_a_command_that_was_killed_locks_nobody_out(known, tmp_path):
    folder = tmp_path / "sightline-data" / "models" / ".pulled"
    folder.mkdir(parents=True)
    (folder / "mini.onnx.lock").touch()
    assert main(["models", "pull", "mini"]) == 0
    assert list(folder.iterdir()) == []
