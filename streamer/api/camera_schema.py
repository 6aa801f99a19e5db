"""The options of a camera as the description of the HTTP interface has them: those of the configuration."""

from __future__ import annotations

from typing import Any, Final

from streamer.config.tree import CAMERA_NAME, CameraConfig

PLACE: Final = "#/components/schemas/{model}"
OPTIONS, NEW, CHANGES = "CameraConfig", "NewCamera", "CameraChanges"
SHOWN: Final = "CameraOptions"
"""An answer that has options in it."""
NAME: Final = {"type": "string", "pattern": f"^{CAMERA_NAME.pattern}$", "maxLength": 100}
SHED: Final = {"source": "rtsp://192.168.1.30/live", "username": "viewer", "password": "..."}


def taken(schema: str) -> dict[str, Any]:
    """The description of a body that is read as one of these."""
    reference = {"$ref": PLACE.format(model=schema)}
    return {"requestBody": {"content": {"application/json": {"schema": reference}}}}


def add_camera_schemas(schemas: dict[str, Any]) -> None:
    """A camera, a new one with its name, and what may be changed, with what they are made of."""
    options = CameraConfig.model_json_schema(by_alias=True, ref_template=PLACE)
    parts = options.pop("$defs")
    # Answers have it, too, hidden.
    options["properties"]["password"]["anyOf"][0].pop("writeOnly")
    options["examples"] = [SHED]
    new = {
        **options,
        "title": NEW,
        "description": "A camera: its name, its address, and any other of its options.",
        "properties": {"name": NAME, **options["properties"]},
        "required": ["name", *options["required"]],
        "examples": [{"name": "shed", **SHED}],
    }
    changes = {
        "type": "object",
        "title": CHANGES,
        "description": "Options that change, sections key by key; null takes one away (RFC 7396).",
        "properties": {name: _changed(each) for name, each in options["properties"].items()},
        "additionalProperties": False,
        "examples": [{"detect": {"fps": 2}, "title": "Behind the house", "username": None}],
    }
    schemas |= {**parts, OPTIONS: options, NEW: new, CHANGES: changes}
    if SHOWN in schemas:
        schemas[SHOWN]["properties"]["options"] = {"$ref": PLACE.format(model=OPTIONS)}


def _changed(option: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in option or option.get("type") == "object":
        return {"type": ["object", "null"]}
    return {"anyOf": [{key: value for key, value in option.items() if key != "default"}, {"type": "null"}]}
