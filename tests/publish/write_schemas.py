"""Writes the golden file of the message schemas: ``python tests/publish/write_schemas.py``."""

import json
from pathlib import Path

from streamer.messages.records import schemas

Path(__file__).with_name("schemas.json").write_text(json.dumps(schemas(), indent=2) + "\n")
