"""A real Kafka broker in the foreground, on loopback: ``python -m deploy.kafka.broker``."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path

from deploy.kafka.jars import cache_folder
from deploy.kafka.node import Broker
from deploy.kafka.options import Options
from deploy.kafka.trouble import BrokerFailed, BrokerUnavailable

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="broker",
        description="Runs Apache Kafka on 127.0.0.1 until Ctrl-C, and prints its address once it answers.",
    )
    parser.add_argument("--port", type=port, default=0, help="where it listens; a free port unless said")
    parser.add_argument(
        "--data", type=Path, metavar="FOLDER", help="what it keeps, and its log; else a folder of the cache"
    )
    parser.add_argument(
        "--set", type=setting, action="append", default=[], metavar="NAME=VALUE", help="a property of Kafka's"
    )
    return parser.parse_args()


def port(text: str) -> int:
    if not (text.isdigit() and 0 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"expected a port from 0 to 65535, received {text!r}")
    return int(text)


def setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, received {text!r}")
    return name, value


def serve(options: argparse.Namespace) -> None:
    """Runs a broker until a signal ends it.

    Raises:
        BrokerUnavailable: it cannot be run on this machine.
        BrokerFailed: it did not start, or has ended by itself.
    """
    folder = options.data or cache_folder() / "data"
    with Broker(folder, Options(properties=dict(options.set)), options.port) as broker:
        print(broker.address, flush=True)
        broker.wait()


def main() -> int:
    options = arguments()
    for number in ENDING:
        signal.signal(number, signal.default_int_handler)
    try:
        serve(options)
    except KeyboardInterrupt:
        return 0
    except BrokerUnavailable as unavailable:
        print(f"broker: {unavailable}", file=sys.stderr)
        return 2
    except (BrokerFailed, OSError) as failed:
        print(f"broker: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
