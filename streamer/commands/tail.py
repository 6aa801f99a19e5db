"""``sightline tail``: what the topics say, as it comes."""

from __future__ import annotations

import argparse
import errno
import os
import select
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.commands.parsers import Subparsers
    from streamer.config.bus import KafkaConfig
    from streamer.kafka.client.following import Received
    from streamer.kafka.lines import Line

KINDS: Final = ("events", "detections", "counts")
NAME_WIDTH: Final = 6


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser("tail", help="show what comes on Kafka, as it comes")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--kafka", metavar="HOST[:PORT][,..]", help="brokers")
    source.add_argument(
        "--config", type=Path, metavar="CONFIG.yaml", help="brokers, prefix, TLS, SASL of a file"
    )
    parser.add_argument("--prefix", metavar="P", help="of the topics (sightline)")
    parser.add_argument("--camera", metavar="C", help="only of this camera")
    parser.add_argument("--label", metavar="L", help="only of objects with this label")
    for kind in KINDS:
        parser.add_argument(
            f"--{kind}",
            dest="kinds",
            action="append_const",
            const=kind,
            help=f"only {kind}, and others so named",
        )
    parser.add_argument("--json", action="store_true", help="the bare records, as JSON Lines")
    parser.add_argument("--from-beginning", action="store_true", help="what is there already comes first")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Print records until interrupted.

    Raises:
        ConfigError: a file or an address is wrong.
        SinkError: the brokers cannot be reached, or do not let us in.
    """
    from streamer.kafka.client.following import Following
    from streamer.kafka.format.cloudevents import Topics
    from streamer.kafka.lines import line_of

    config = configured(options)
    topics = Topics(config.prefix)
    names = [str(getattr(topics, kind)) for kind in options.kinds or KINDS]
    show = json_line if options.json else Screen().show
    for record in Following(config, names, say).records(options.from_beginning):
        if record is None:
            require_reader()
            continue
        line = line_of(record, options.label)
        if options.camera in (None, line.camera) and (
            options.label is None or options.label in (line.labels or ())
        ):
            show(record, line)
    return 0


def configured(options: argparse.Namespace) -> KafkaConfig:
    """The brokers of the command line or of the file."""
    from pydantic import ValidationError

    from streamer.config.bus import KafkaConfig
    from streamer.config.file import load

    prefix = {} if options.prefix is None else {"prefix": options.prefix}
    if options.config is not None:
        kafka = load(options.config).kafka
        if kafka is None:
            raise ConfigError(
                f"{options.config}: expected kafka, which says where the brokers are, received none"
            )
        given = kafka.model_dump() | prefix
    else:
        given = {"brokers": options.kafka} | prefix
    try:
        return KafkaConfig.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        option = "--prefix" if first["loc"][0] == "prefix" else "--kafka"
        said = first.get("ctx", {}).get("error") or "expected HOST:PORT, received none"
        raise ConfigError(f"{option}: {said}") from None


class Screen:
    """A line for each record; with colours where a terminal shows them."""

    def __init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False, soft_wrap=True)
        self._width = NAME_WIDTH

    def show(self, _record: Received, line: Line) -> None:
        from rich.text import Text

        self._width = max(self._width, len(line.camera))
        at = line.at.astimezone()
        time = f"{at:%H:%M:%S}.{at.microsecond // 1000:03d}"
        camera = line.camera.ljust(self._width)
        self._console.print(
            Text.assemble((time, "dim"), "  ", (camera, "cyan"), " ", (line.text, line.style))
        )


def json_line(record: Received, _line: Line) -> None:
    """The value as it is, in one line; what is no JSON is told elsewhere."""
    from streamer.kafka.lines import NO_JSON, in_one_line, parsed

    value = record.value or b""
    if parsed(record.value) is NO_JSON:
        say(f"{record.topic}: left out {len(value)} bytes that are no JSON")
        return
    sys.stdout.buffer.write(in_one_line(value) + b"\n")
    sys.stdout.buffer.flush()


def require_reader() -> None:
    """Where nothing is written, nothing else tells that whoever read us has gone.

    Raises:
        BrokenPipeError: they have.
    """
    look = select.poll()
    look.register(sys.stdout.fileno(), 0)
    if any(event & select.POLLERR for _, event in look.poll(0)):
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


def say(text: str) -> None:
    print(f"sightline: {text}", file=sys.stderr, flush=True)
