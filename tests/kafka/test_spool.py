"""What waits on disk survives: a restart, a kill, a broken file, a full disk; within its limit."""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.config.bus import SpoolConfig
from streamer.errors import SinkUnavailable
from streamer.kafka.delivery.spool import Spool
from streamer.kafka.delivery.spoolfile import ENDS_KEPT
from streamer.kafka.message import Message, Queued
from tests.kafka.waiting import NOON, message, told


def opened(folder: Path, size: int = 10**9) -> Spool:
    spool = Spool(folder, SpoolConfig.model_construct(bytes=size, sync=False))
    spool.open()
    return spool


def ids(found: list[Queued]) -> list[str]:
    return [each.message.id for each in found]


def same(found: Message, expected: Message) -> bool:
    """Whether everything that goes on the wire is the same."""
    fields = ("id", "kind", "topic", "key", "value", "headers")
    return all(getattr(found, name) == getattr(expected, name) for name in fields)


def test_what_was_taken_is_there_after_a_restart(tmp_path: Path) -> None:
    messages = [message("event", b"1"), message("frame", bytes(range(256))), message("counts", b"3")]
    first = opened(tmp_path)
    numbers = [each.number for each in first.append(messages)]
    first.close()
    second = opened(tmp_path)
    found = second.read(0, 10)
    assert [each.number for each in found] == numbers == [1, 2, 3]
    assert all(map(same, (each.message for each in found), messages))
    assert second.state.count == 3
    assert second.state.size == sum(each.size for each in messages)
    assert ids(second.read(1, 1)) == [messages[1].id]


def test_what_was_delivered_is_forgotten_and_no_number_comes_twice(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.remove(first.append([message(), message()]))
    assert first.state.count == first.state.size == 0
    first.close()
    second = opened(tmp_path)
    assert second.read(0, 10) == []
    assert [each.number for each in second.append([message()])] == [3]


@given(st.lists(st.sampled_from(["event", "detections", "frame", "counts"]), max_size=40), st.integers(0, 30))
def test_only_the_oldest_of_what_may_be_lost_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], after: int
) -> None:
    size = 5 * message("detections", b"x" * 100).size
    spool = opened(tmp_path_factory.mktemp("spool"), size)
    messages = [message(kind, b"x" * 100) for kind in kinds]  # type: ignore[arg-type]
    spool.append(messages)
    left_out = spool.trim(after)
    kept = ids(spool.read(0, 100))
    gone = [(n, each) for n, each in enumerate(messages, 1) if each.id not in kept]
    assert not any(each.lasting for _, each in gone)
    assert all(n > after for n, _ in gone)
    assert left_out == Counter(each.topic for _, each in gone)
    passing = [(n, each) for n, each in enumerate(messages, 1) if not each.lasting and n > after]
    assert gone == passing[: len(gone)]
    # No more than needed: with the last of them back, it would be above its limit; no less than possible.
    state = spool.state
    assert state.size == sum(each.size for each in messages if each.id in kept)
    assert state.size <= size or len(gone) == len(passing)
    assert not gone or state.size + gone[-1][1].size > size
    assert state.full == (sum(each.size for each in messages) > size and state.size >= 0.9 * size)


def test_events_whose_ends_were_not_told_are_known_after_a_restart(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append([told("a"), told("b"), told("a", value=b"better"), told("b", ended=True), message()])
    # Delivered, and yet open.
    first.remove(first.read(0, 100))
    first.close()
    (left,) = opened(tmp_path).unended()
    assert (left.event, left.camera, left.value, left.seen_at) == ("a", "gate", b"better", NOON)


def test_ends_that_were_told_are_known_after_a_restart_the_latest_of_them(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append([told(f"e{number}", ended=True) for number in range(ENDS_KEPT + 5)])
    first.append([told("open"), told("e7", ended=True)])
    first.close()
    ended = opened(tmp_path).ended()
    assert set(ended.values()) == {NOON}
    assert set(ended) == {f"e{number}" for number in range(6, ENDS_KEPT + 5)}


KILLED = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.kafka.waiting import message
from streamer.config.bus import SpoolConfig
from streamer.kafka.delivery.spool import Spool
spool = Spool(Path(sys.argv[1]), SpoolConfig.model_construct(bytes=10**9))
spool.open()
while True:
    taken = message("event")
    spool.append([taken])
    print(taken.id, flush=True)
"""


def test_a_kill_loses_nothing_that_was_taken(tmp_path: Path) -> None:
    taken: list[str] = []
    for number in range(1, 4):
        with subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), str(Path(__file__).parent)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            taken += [process.stdout.readline().strip() for _ in range(20 * number)]
            process.send_signal(signal.SIGKILL)
            taken += [line.strip() for line in process.stdout if line.endswith("\n")]
    found = ids(opened(tmp_path).read(0, 10**6))
    # The last one of a run may have been taken and not told.
    assert [each for each in found if each in set(taken)] == taken
    assert len(found) <= len(taken) + 3


def broken(folder: Path, offset: int, length: int) -> None:
    """Overwrite a part of the file."""
    with (folder / "spool.db").open("r+b") as file:
        file.seek(offset)
        file.write(os.urandom(length))


@pytest.mark.parametrize("offset", [0, 30 * 4096], ids=["its beginning", "its middle"])
def test_a_broken_file_is_kept_and_reported_and_what_can_be_read_goes_on(
    tmp_path: Path, offset: int, caplog: pytest.LogCaptureFixture
) -> None:
    first = opened(tmp_path)
    messages = [message("event", str(n).encode() * 300) for n in range(200)]
    first.append(messages)
    first.close()
    broken(tmp_path, offset, 4096)
    content = (tmp_path / "spool.db").read_bytes()

    second = opened(tmp_path)
    (aside,) = (
        each for each in tmp_path.glob("spool.db.broken-*") if not each.name.endswith(("-wal", "-shm"))
    )
    assert aside.read_bytes()[offset + 100 : offset + 4096] == content[offset + 100 : offset + 4096]
    assert second.state.set_aside == 1
    (told_of,) = (record.getMessage() for record in caplog.records if record.levelname == "ERROR")
    assert aside.name in told_of
    assert str(tmp_path / "spool.db") in told_of
    found = second.read(0, 1000)
    wire = {each.id: each for each in messages}
    assert all(same(each.message, wire[each.message.id]) for each in found)
    assert len(found) == second.state.count
    # All but what lay in the broken page; nothing where not even a beginning is there.
    assert len(found) >= (180 if offset else 0)
    (added,) = second.append([message()])
    assert (added.number or 0) > max((each.number or 0 for each in found), default=0)


def test_a_file_that_breaks_meanwhile_is_replaced_and_numbers_go_on(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    # More than the cache of a connection holds.
    spool.append([message("event", b"x" * 3000) for _ in range(2000)])
    spool.close()
    spool = opened(tmp_path)
    broken(tmp_path, 0, 5_000_000)
    last = message("event")
    spool.read(0, 2000)
    (taken,) = spool.append([last])
    assert spool.state.set_aside == 1
    assert (taken.number or 0) > 2000
    assert ids(spool.read(2000, 10)) == [last.id]


def test_a_full_disk_is_one_line_and_ends_with_the_fullness(small_disk: Path) -> None:
    spool = opened(small_disk)
    spool.append([message("event")])
    free = os.statvfs(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(free.f_bavail * free.f_frsize))
    with pytest.raises(SinkUnavailable, match="full") as refused:
        spool.append([message("event", b"x" * 10_000) for _ in range(1000)])
    assert len(str(refused.value).splitlines()) == 1
    assert str(small_disk) in str(refused.value)
    before = spool.state.count
    ballast.unlink()
    spool.append([message("event")])
    assert spool.state.count == before + 1
    assert len(spool.read(0, 10_000)) == before + 1
    spool.close()


def test_room_is_given_back_to_the_disk(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    taken = spool.append([message("frame", b"x" * 100_000) for _ in range(300)])
    spool.remove(taken)
    spool.close()
    assert (tmp_path / "spool.db").stat().st_size < 15 * 2**20


def test_a_clock_that_jumps_back_makes_nothing_older_than_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = opened(tmp_path)
    spool.append([message()])
    monkeypatch.setattr("time.time", lambda: 0.0)
    assert spool.state.age_s == 0.0
    spool.append([message()])
    assert len(spool.read(0, 10)) == 2


def test_what_the_brokers_refuse_is_written_down(tmp_path: Path) -> None:
    spool = opened(tmp_path)
    refused = message("event", b'{"label": "person"}')
    spool.keep_aside(refused, "too large")
    (line,) = (tmp_path / "refused.jsonl").read_text().splitlines()
    assert json.loads(line) == {
        "topic": "sightline.events",
        "camera": "gate",
        "id": refused.id,
        "reason": "too large",
        "value": '{"label": "person"}',
    }


def test_an_unwritable_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    spool = Spool(tmp_path / "file", SpoolConfig())
    with pytest.raises(SinkUnavailable, match=r"/file: expected a folder, received a file$"):
        spool.open()
