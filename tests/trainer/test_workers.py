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


def worker(number: int, ports: list[int], pictures: Path, home: Path) -> subprocess.Popen[bytes]:
    cluster = {"worker": [f"127.0.0.1:{port}" for port in ports]}
    config = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": number}})
    command = [
        *(sys.executable, "-m", "trainer", "train", str(pictures), "--name", "kinds"),
        *("--data", str(home / "data"), "--workspace", str(home / f"worker-{number}")),
        *("--backbone", "squeezenet", "--weights", "none", "--size", "48"),
        *("--epochs", str(EPOCHS), "--folds", "2", "--early-stopping", "off"),
        *("--strategy", "multiworker" if len(ports) > 1 else "none"),
        *(("--json", str(home / "report.json")) if number == 0 else ()),
    ]
    told = os.environ | {"TF_CONFIG": config}
    return subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.soak
@pytest.mark.timeout(300)
def test_two_workers_learn_what_one_learns(tmp_path: Path) -> None:
    pictures = write_set(tmp_path / "pictures", 12)
    reports = []
    for count in (1, 2):
        home = tmp_path / str(count)
        home.mkdir()
        ports = free_ports(count)
        workers = [worker(number, ports, pictures, home) for number in range(count)]
        for each in workers:
            _, said = each.communicate(timeout=200)
            assert each.returncode == 0, said.decode()[-2000:]
        reports.append(json.loads((home / "report.json").read_text()))
        assert len(list((home / "data" / "models" / "kinds").glob("[0-9]*"))) == 1
    alone, together = reports
    assert together["confusion"] == alone["confusion"]
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-3)
