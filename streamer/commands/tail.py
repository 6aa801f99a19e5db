"""``sightline tail``: what the topics say, as it comes."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from streamer.commands.pipe import require_reader, write_to_nobody
from streamer.errors import ConfigError

if TYPE_CHECKING:
    from streamer.commands.parsers import Subparsers
    from streamer.config.bus import KafkaConfig
    from streamer.kafka.client.following import Received
    from streamer.kafka.lines import Line

KINDS: Final = ("events", "detections", "counts")
SILENT_S: Final = 5.0
"""Without anything to show for so long, it is said what is waited for."""


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
    try:
        follow(options)
    except BrokenPipeError:
        # Whoever read us has seen enough.
        write_to_nobody()
    return 0


def follow(options: argparse.Namespace) -> None:
    """Print records until interrupted; BrokenPipeError when nobody reads them any more."""
    from streamer.commands.screen import Screen
    from streamer.kafka.client.following import Following
    from streamer.kafka.format.cloudevents import Topics
    from streamer.kafka.lines import line_of

    config = configured(options)
    topics = Topics(config.prefix)
    names = [str(getattr(topics, kind)) for kind in options.kinds or KINDS]
    show = json_line if options.json else Screen().show
    silence = Silence(wanted(options), time.monotonic())
    for record in Following(config, names, say).records(options.from_beginning):
        if record is None:
            require_reader()
            if told := silence.told(time.monotonic()):
                say(told)
            continue
        line = line_of(record, options.label)
        if options.camera in (None, line.camera) and (
            options.label is None or options.label in (line.labels or ())
        ):
            silence.shown()
            show(record, line)
        else:
            silence.passed_over()


def wanted(options: argparse.Namespace) -> str:
    """What of all that comes is to be shown, for a person; empty where it is all."""
    camera = f" of camera {options.camera!r}" if options.camera is not None else ""
    label = f" with label {options.label!r}" if options.label is not None else ""
    return f"records{camera}{label}" if camera or label else ""


def configured(options: argparse.Namespace) -> KafkaConfig:
    """The brokers of the command line or of the file."""
    from pydantic import ValidationError

    from streamer.commands.checks import pem_files
    from streamer.config.bus import KafkaConfig
    from streamer.config.file import read

    prefix = {} if options.prefix is None else {"prefix": options.prefix}
    if options.config is not None:
        file = read(options.config, checks=[pem_files])
        kafka = file.config.kafka
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


class Silence:
    """Says once what is waited for, where nothing of what was asked for has come for a while."""

    def __init__(self, wanted: str, now: float) -> None:
        """
        Args:
            wanted: what was asked for, of all that may come; empty where it is all.
            now: monotonic seconds, as those below.
        """
        self._wanted = wanted
        self._until = now + SILENT_S
        self._others = 0

    def shown(self) -> None:
        self._wanted = ""

    def passed_over(self) -> None:
        self._others += 1

    def told(self, now: float) -> str | None:
        """What to say, whenever nothing comes for a moment."""
        if not self._wanted or now < self._until:
            return None
        wanted, self._wanted = self._wanted, ""
        return f"waiting for {wanted}; {self._others} other records came so far"


def json_line(record: Received, _line: Line) -> None:
    """The value as it is, in one line; what is no JSON is told elsewhere."""
    from streamer.kafka.lines import NO_JSON, in_one_line, parsed

    value = record.value or b""
    if parsed(record.value) is NO_JSON:
        say(f"{record.topic}: left out {len(value)} bytes that are no JSON")
        return
    sys.stdout.buffer.write(in_one_line(value) + b"\n")
    sys.stdout.buffer.flush()


def say(text: str) -> None:
    print(f"sightline: {text}", file=sys.stderr, flush=True)
