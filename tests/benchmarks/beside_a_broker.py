"""What the benchmarks of Kafka share: their command line, and a broker of their own."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).parent.parent
sys.path[:0] = [str(TESTS), str(TESTS.parent), str(TESTS / "publish")]

from deploy.kafka.node import Broker  # noqa: E402


def arguments(doc: str | None, **numbers: float) -> argparse.Namespace:
    """Options of rounds and of these numbers, with what each is unless said; of the kind that it is."""
    parser = argparse.ArgumentParser(description=(doc or "").partition("\n")[0])
    for name, usual in {"rounds": 3, **numbers}.items():
        parser.add_argument(f"--{name}", type=type(usual), default=usual)
    return parser.parse_args()


@contextmanager
def broker_and_folder() -> Iterator[tuple[Broker, Path]]:
    """A broker, and where the other side keeps its data; both go afterwards."""
    with tempfile.TemporaryDirectory() as folder, Broker(Path(folder) / "broker") as broker:
        yield broker, Path(folder) / "data"
