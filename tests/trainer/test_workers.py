"""Two workers of one training, each a process of its own."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trainer.pictures import write_set

EPOCHS = 8


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def command(pictures: Path, home: Path, number: int = 0, strategy: str = "none") -> list[str]:
    return [
        *("train", str(pictures), "--name", "kinds", "--strategy", strategy),
        *("--data", str(home / "data"), "--workspace", str(home / f"worker-{number}")),
        *("--backbone", "squeezenet", "--weights", "none", "--size", "48"),
        *("--epochs", str(EPOCHS), "--folds", "2", "--early-stopping", "off"),
        *(("--json", str(home / "report.json")) if number == 0 else ()),
    ]


def worker(number: int, ports: list[int], pictures: Path, home: Path) -> subprocess.Popen[bytes]:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": number}})
    return subprocess.Popen(
        [sys.executable, "-m", "trainer", *command(pictures, home, number, "multiworker")],
        env=os.environ | {"TF_CONFIG": config}, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_two_workers_learn_what_one_learns(tmp_path: Path) -> None:
    pictures = write_set(tmp_path / "pictures", 12)
    ports = free_ports(2)
    (tmp_path / "alone").mkdir()
    (tmp_path / "together").mkdir()
    workers = [worker(number, ports, pictures, tmp_path / "together") for number in range(2)]
    alone = subprocess.run(
        [sys.executable, "-m", "trainer", *command(pictures, tmp_path / "alone")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert alone.returncode == 0, alone.stderr
    for each in workers:
        _, said = each.communicate(timeout=200)
        assert each.returncode == 0, said.decode()[-2000:]
    assert len(list((tmp_path / "together" / "data" / "models" / "kinds").glob("[0-9]*"))) == 1
    one, two = (json.loads((tmp_path / name / "report.json").read_text()) for name in ("alone", "together"))
    assert two["confusion"] == one["confusion"]
    assert two["loss"] == pytest.approx(one["loss"], abs=1e-3)
