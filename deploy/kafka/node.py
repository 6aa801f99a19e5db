"""One broker process: started, frozen, killed and started again at the same port with the same records."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import IO, Final, Self

from deploy.kafka.answer import answers, listens
from deploy.kafka.certificates import Authority
from deploy.kafka.jars import JAVA, class_archive, kafka_jars, program
from deploy.kafka.options import PLAIN, Options, Places, scram_users, server_properties
from deploy.kafka.ports import HOST, free_ports, is_free
from deploy.kafka.trouble import BrokerFailed

TIED: Final = Path(__file__).with_name("tied.py")
QUICK: Final = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
START_S: Final = 60.0
STOP_S: Final = 15.0
POLL_S: Final = 0.02
COMPLAINT: Final = re.compile(r"\b[A-Z][\w$]*(?:Exception|Error): .+")


class Broker:
    """A broker of Apache Kafka on loopback, in a folder of its own.

    Not for two threads at once. Whatever happens to this process, Java ends with it.
    """

    def __init__(self, folder: Path, options: Options | None = None, port: int = 0) -> None:
        """Starts nothing.

        Args:
            folder: for records, log, certificates; made when missing, used again when not.
            options: how it is set up.
            port: of the listener without TLS and SASL; 0 takes a free one.
        """
        self._folder = folder.absolute()
        self._options = options or Options()
        self._wanted = port
        self._places: Places | None = None
        self._tied: subprocess.Popen[str] | None = None
        self._claim: IO[bytes] | None = None
        self._pid = 0
        self.authority = Authority(self._folder / "tls")

    @property
    def address(self) -> str:
        """``host:port`` of the listener without TLS and SASL."""
        return self.addresses[PLAIN]

    @property
    def addresses(self) -> Mapping[str, str]:
        """``host:port`` of each listener, by its name; they stay the same until this object goes."""
        ports = self._own_places().ports
        return MappingProxyType({name: f"{HOST}:{port}" for name, port in ports.items()})

    @property
    def pid(self) -> int:
        """Java's process."""
        return self._pid

    @property
    def log(self) -> Path:
        """What Kafka said since it was last started."""
        return self._folder / "broker.log"

    def start(self) -> None:
        """Returns when clients are answered.

        Raises:
            BrokerUnavailable: no Java, Maven, openssl, or no jars.
            BrokerFailed: a port is in use, or Kafka ended or took longer than a minute.
        """
        if self._tied is not None:
            raise BrokerFailed(f"expected a broker that is not running, but it is at {self.address}")
        java = self._java()
        places = self._own_places()
        for port in (*places.ports.values(), places.controller_port):
            if not is_free(port):
                raise BrokerFailed(f"expected a free port, but {HOST}:{port} is in use")
        self._claim_folder()
        try:
            properties = self._write_properties(places)
            if not (places.data / "meta.properties").exists():
                self._format([*java, "kafka.tools.StorageTool", "format", "--config", str(properties)])
            self._launch([*java, "kafka.Kafka", str(properties)])
            self._await_answers(places)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ends it as an operator would; one that does not obey is killed."""
        if self._tied is None:
            return
        self.thaw()
        self._signal(signal.SIGTERM)
        try:
            self._tied.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
        self._reap()

    def kill(self) -> None:
        """It is gone at once, like a machine without power."""
        self._signal(signal.SIGKILL)
        self._reap()

    def freeze(self) -> None:
        """Its connections stay open, and new ones are taken by the kernel, but nothing is answered.

        Returns when the last of its threads has stopped, on Linux.
        """
        self._signal(signal.SIGSTOP)
        while self._tied is not None and self._tied.poll() is None and _runs(self._pid):
            time.sleep(POLL_S)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def wait(self) -> None:
        """Returns when Java has ended by itself.

        Raises:
            BrokerFailed: always: that is not what was asked of it.
        """
        how = "" if self._tied is None else _killed(self._tied.wait())
        self._reap()
        # What it complained of before it was killed is not why it has ended.
        why = f"{how} (see {self.log})" if how else self._complaint()
        raise BrokerFailed(f"the broker has ended: {why}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _java(self) -> list[str]:
        """Its command, without what it is to run."""
        java = [program("java", JAVA), *QUICK, f"-Xmx{self._options.heap_mb}m", *self._options.java]
        archive = class_archive()
        if archive.exists():
            java.append(f"-XX:SharedArchiveFile={archive}")
        return [*java, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{kafka_jars()}/*"]

    def _own_places(self) -> Places:
        if self._places is None:
            names = [PLAIN, *self._options.listeners]
            free = free_ports(len(names) + 1)
            ports = dict(zip(names, free, strict=False))
            if self._wanted:
                ports[PLAIN] = self._wanted
            self._places = Places(self._folder / "data", ports, free[-1])
        return self._places

    def _claim_folder(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        claim = (self._folder / "lock").open("wb")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            claim.close()
            raise BrokerFailed(f"expected a folder of its own, but a broker runs in {self._folder}") from None
        self._claim = claim
        self.log.write_text("")

    def _write_properties(self, places: Places) -> Path:
        properties = self._folder / "server.properties"
        # It may have passwords.
        properties.touch(mode=0o600)
        properties.write_text(server_properties(self._options, places, self.authority))
        return properties

    def _format(self, command: list[str]) -> None:
        # Kafka's tool takes an id that begins with a dash for an option.
        cluster = "S" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")[1:]
        command += ["--ignore-formatted", "--cluster-id", cluster]
        command += [word for user in scram_users(self._options) for word in ("--add-scram", user)]
        with self.log.open("ab") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if done.returncode != 0:
            raise BrokerFailed(f"Kafka could not format {self._folder / 'data'}: {self._complaint()}")

    def _launch(self, java: list[str]) -> None:
        with self.log.open("ab") as log:
            self._tied = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TIED), *java],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # Ctrl-C in a terminal is for us, who then stop the broker in good order.
                start_new_session=True,
            )
        assert self._tied.stdout is not None
        told = self._tied.stdout.readline()
        if not told:
            raise BrokerFailed(f"Java did not start: {self._complaint()}")
        self._pid = int(told)

    def _await_answers(self, places: Places) -> None:
        assert self._tied is not None
        until = time.monotonic() + START_S
        while not (answers(places.ports[PLAIN]) and all(listens(port) for port in places.ports.values())):
            if self._tied.poll() is not None:
                raise BrokerFailed(f"the broker ended while it started: {self._complaint()}")
            if time.monotonic() > until:
                raise BrokerFailed(f"the broker did not answer within {START_S:.0f} s; see {self.log}")
            time.sleep(POLL_S)

    def _signal(self, number: signal.Signals) -> None:
        # Asked first: the number of a process that has ended may be another's by now.
        if self._tied is not None and self._tied.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, number)

    def _reap(self) -> None:
        if self._tied is not None:
            self._tied.wait()
            for pipe in (self._tied.stdin, self._tied.stdout):
                assert pipe is not None
                pipe.close()
            self._tied = None
        if self._claim is not None:
            self._claim.close()
            self._claim = None

    def _complaint(self) -> str:
        """What Kafka named last as a cause, in one line."""
        lines = self.log.read_text(errors="replace").splitlines()
        causes = [found[0] for found in map(COMPLAINT.search, lines) if found]
        last = next((line for line in reversed(lines) if line.strip()), "it said nothing")
        return f"{causes[-1] if causes else last} (see {self.log})"


def _killed(status: int) -> str:
    """By which signal, where it was one; ``tied.py`` passes Java's on as a shell does."""
    number = -status if status < 0 else status - 128
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return ""


def _runs(pid: int) -> bool:
    """Whether a thread of a process is not stopped; the kernel takes its time to reach them all."""
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # "pid (name) state ..": a name may have brackets and blanks.
            if thread.read_text().rpartition(")")[2].split()[0] != "T":
                return True
    return False
