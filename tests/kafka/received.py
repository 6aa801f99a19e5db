"""What is on a topic, as an independent client sees it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.kafka.brokers import Kcat


@dataclass(frozen=True)
class Received:
    """One record of a topic."""

    camera: str
    id: str
    headers: str
    value: str

    @property
    def record(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.value)
        return found


def received(kcat: Kcat, address: str, topic: str) -> list[Received]:
    """All of it, in the order of its only partition."""
    everything = ("-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k\t%h\t%s\n")
    done = kcat.run(address, *everything, check=True)
    records = []
    for line in done.stdout.splitlines():
        camera, headers, value = line.split("\t", 2)
        ids = dict(each.split("=", 1) for each in headers.split(","))
        records.append(Received(camera, ids["ce_id"], headers, value))
    return records


def without_duplicates(records: Sequence[Received]) -> list[Received]:
    """As a consumer sees them that drops what it has seen; the same id always has the same bytes."""
    first: dict[str, Received] = {}
    for each in records:
        assert first.setdefault(each.id, each) == each
    return list(first.values())


def in_order(inner: Sequence[object], outer: Sequence[object]) -> bool:
    """Whether all of the first are in the second, in their order."""
    rest = iter(outer)
    return all(each in rest for each in inner)
