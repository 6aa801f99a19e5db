"""Kafka's classes as Java has read them once, so that brokers start in half the time."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from deploy.kafka.jars import class_archive
from deploy.kafka.node import Broker
from deploy.kafka.options import Options


def make_archive(folder: Path) -> None:
    """Runs a broker in ``folder`` that leaves its classes behind for those to come; nothing where it is done.

    Raises:
        BrokerUnavailable: a broker cannot be run on this machine.
        BrokerFailed: it did not start.
    """
    archive = class_archive()
    with archive.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if archive.exists():
            return
        # Whole, or not there: a Java that is killed leaves half of it.
        fresh = archive.with_suffix(f".{os.getpid()}")
        with Broker(folder, Options(java=(f"-XX:ArchiveClassesAtExit={fresh}", "-Xlog:cds*=off"))):
            pass
        fresh.replace(archive)
