"""What the command really writes fits the published schemas."""

import json
from collections import Counter
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from system.commanding import sightline
from system.footage import film
from system.records import records

SCHEMAS = Path(__file__).parents[2] / "deploy" / "kafka" / "schemas"
KINDS = ("detections", "events", "zones", "crossings", "counts")
SCENE = {
    "source": "sim://street",
    "zones": {"street": {"polygon": [[0, 0.2], [1, 0.2], [1, 1], [0, 1]], "inertia": "0.2s", "loiter": "1s"}},
    "lines": {"middle": {"from": [0.5, 0], "to": [0.5, 1]}},
    "counts": {"interval": "2s"},
}


def test_every_line_that_is_written_fits_what_is_published(tmp_path: Path) -> None:
    clip = film(tmp_path / "clip.mp4", 20)
    (tmp_path / "c.yaml").write_text(yaml.safe_dump({"cameras": {"street": SCENE}}))
    done = sightline("detect", clip, "--config", "c.yaml", "--explain", "--json", "out.jsonl", cwd=tmp_path)
    assert done.status == 0, done.err
    told = records(tmp_path / "out.jsonl")
    for line in told:
        schema = json.loads((SCHEMAS / f"{line['schema'].replace('/', '-')}.json").read_text())
        Draft202012Validator(schema).validate(line)
    kinds = Counter(line["schema"] for line in told)
    assert set(kinds) == {f"sightline.{kind}/1" for kind in KINDS}, kinds
