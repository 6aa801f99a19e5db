"""Writes the golden file of the message schemas: ``python tests/publish/write_schemas.py``."""

import json
from pathlib import Path

from streamer.camera_messages import CAMERAS_SCHEMA, CameraRecord
from streamer.messages import schemas

every = schemas() | {CAMERAS_SCHEMA: CameraRecord.model_json_schema(mode="serialization")}
Path(__file__).with_name("schemas.json").write_text(json.dumps(every, indent=2) + "\n")
