"""Builds the image, runs it and looks whether it does what it should: ``python -m deploy.image``."""

from __future__ import annotations

import argparse
import sys
import time
import uuid

from deploy.image.check import check
from deploy.image.choice import ENGINES, find_engine
from deploy.image.trouble import EngineUnavailable, ImageFailed


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="image", description="Builds the container image and tries it.")
    parser.add_argument("--tag", default="localhost/sightline", help="its name (localhost/sightline)")
    parser.add_argument("--engine", choices=list(ENGINES), help="the first one that works here, unless said")
    return parser.parse_args()


def make(options: argparse.Namespace) -> None:
    engine = find_engine(options.engine)
    print(f"building {options.tag} with {engine.program}; this takes some minutes", flush=True)
    began = time.monotonic()
    engine.build(options.tag)
    built_s = time.monotonic() - began
    print(f"built in {built_s:.0f} s: {engine.size(options.tag)}", flush=True)
    volume = f"sightline-{uuid.uuid4().hex}"
    engine.create_volume(volume)
    try:
        seen = check(engine, options.tag, volume)
    finally:
        engine.remove_volume(volume)
    print(
        f"runs as user {seen.user}: answers after {seen.start_s:.1f} s, shows a camera to who has signed in,"
        f" ends {seen.stop_s:.1f} s after SIGTERM, and knows its data again"
    )


def main() -> int:
    try:
        make(arguments())
    except EngineUnavailable as unavailable:
        print(f"image: {unavailable}", file=sys.stderr)
        return 2
    except ImageFailed as failed:
        print(f"image: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
