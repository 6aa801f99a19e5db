"""Labelled pictures of any kind and in any state."""

import io
import json
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tests.trainer.pictures import drawn, write_set
from trainer import divide
from trainer.data import picture
from trainer.data.collection import collect, independent, listing, require_enough
from trainer.data.exchange import export, imported
from trainer.data.picture import Unusable, decode
from trainer.data.split import folds, shares
from trainer.errors import DatasetError
from trainer.options import Division


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


RED = Image.new("RGB", (40, 30), (200, 10, 10))


@pytest.mark.parametrize(
    "content",
    [
        encoded(RED.convert("CMYK"), "JPEG"),
        encoded(RED.quantize(8), "PNG"),
        encoded(RED.quantize(8), "GIF"),
        encoded(RED, "GIF", save_all=True, append_images=[Image.new("RGB", (40, 30), (0, 0, 255))]),
        encoded(RED.convert("RGBA"), "PNG"),
        encoded(RED, "WEBP"),
        encoded(RED, "TIFF"),
        encoded(RED, "BMP"),
    ],
    ids=["cmyk", "palette", "gif", "animated", "alpha", "webp", "tiff", "bmp"],
)
def test_decodes_what_cameras_and_people_have(content: bytes) -> None:
    image = decode(content)
    assert image.shape == (30, 40, 3)
    assert np.abs(image.reshape(-1, 3).mean(axis=0) - (10, 10, 200)).max() < 25


def test_deep_grey_is_scaled_not_clipped() -> None:
    deep = Image.fromarray(np.full((20, 20), 32768, np.uint16))
    assert decode(encoded(deep, "PNG")).mean() == pytest.approx(127, abs=1)


def test_turns_a_picture_as_its_camera_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(encoded(RED, "JPEG", exif=exif)).shape == (40, 30, 3)


def test_what_is_transparent_shows_the_grey_behind() -> None:
    assert set(decode(encoded(Image.new("RGBA", (20, 20), (255, 0, 0, 0)), "PNG")).ravel()) == {114}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"no picture", "not a picture"),
        (encoded(RED.resize((400, 300)), "JPEG")[:600], "damaged"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "not a picture"),
    ],
)
def test_says_why_a_picture_cannot_be_used(content: bytes, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        decode(content)


def test_a_picture_with_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "MAX_PIXELS", 1000)
    with pytest.raises(Unusable, match="million pixels"):
        decode(encoded(RED, "PNG"))
    # A JPEG is decoded at a fraction of its size.
    assert decode(encoded(RED, "JPEG")).shape[:2] == (8, 10)


def test_near_duplicates_with_different_labels_are_named(tmp_path: Path) -> None:
    root = write_set(tmp_path, 4)
    again = cv2.imread(str(root / "dots" / "002.png"))
    cv2.imwrite(str(root / "stripes" / "recoded.jpg"), again, [cv2.IMWRITE_JPEG_QUALITY, 95])
    [remark] = [each for each in collect(listing(root)).remarks if "different labels" in each]
    assert "dots/002.png 'dots', stripes/recoded.jpg 'stripes'" in remark


def test_class_folders_leave_out_what_is_of_no_use_and_name_it(tmp_path: Path) -> None:
    root = write_set(tmp_path, 12)
    (root / "README.md").write_text("about")
    (root / "dots" / "broken.jpg").write_bytes(b"broken")
    cv2.imwrite(str(root / "dots" / "tiny.png"), np.zeros((4, 4, 3), np.uint8))
    (root / "dots" / "again.png").write_bytes((root / "dots" / "000.png").read_bytes())
    (root / "stripes" / "contrary.png").write_bytes((root / "dots" / "001.png").read_bytes())
    dataset = collect(listing(root))
    assert dataset.labels == ("dots", "stripes")
    assert dataset.counts == {"dots": 11, "stripes": 12}
    assert dataset.ignored == ("README.md",)
    reasons = {left.name: left.reason for left in dataset.quarantined}
    assert "not a picture" in reasons["dots/broken.jpg"]
    assert "only 4x4" in reasons["dots/tiny.png"]
    assert "the same file as" in (reasons.get("dots/again.png") or reasons["dots/000.png"])
    assert (
        reasons["stripes/contrary.png"]
        == reasons["dots/001.png"]
        == "the same picture is called dots and stripes"
    )
    require_enough(dataset)


def test_a_zip_is_read_where_it_is(tmp_path: Path) -> None:
    write_set(tmp_path / "set", 10)
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in (tmp_path / "set").rglob("*.png"):
            archive.write(path, Path("outer") / path.relative_to(tmp_path / "set"))
        archive.writestr("outer/notes.txt", "notes")
        archive.writestr("__MACOSX/outer/dots/._000.png", "junk")
    packed, plain = collect(listing(tmp_path / "set.zip")), collect(listing(tmp_path / "set"))
    assert packed.digest == plain.digest
    assert "outer/notes.txt" in packed.ignored


@pytest.mark.parametrize(
    "name", ["../evil/a.png", "/etc/a.png", "dots/../../a.png", "..\\evil\\a.png", "C:/x/a.png"]
)
def test_a_zip_that_leads_out_of_itself_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(name, b"x")
    with pytest.raises(DatasetError, match="leads out"):
        listing(tmp_path / "evil.zip")


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("dots/a.png", bytes(30_000_000))
    with pytest.raises(DatasetError, match="no set of pictures"):
        listing(tmp_path / "bomb.zip")


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"dots": 12}, "at least two classes, received only 'dots'"),
        ({"dots": 12, "stripes": 0}, "class 'stripes' is empty"),
        ({"dots": 12, "stripes": 3}, "'stripes' has 3, 7 are missing"),
    ],
)
def test_says_what_a_set_lacks(tmp_path: Path, counts: dict[str, int], message: str) -> None:
    for kind, count in counts.items():
        write_set(tmp_path, count, (kind,))
    with pytest.raises(DatasetError, match=message):
        require_enough(collect(listing(tmp_path)))


def coco(folder: Path, label: str) -> Path:
    (folder / "images").mkdir()
    for number in range(4):
        cv2.imwrite(str(folder / "images" / f"{number}.png"), drawn("dots", number, 64))
    annotations = [
        {
            "id": 10 * image + box,
            "image_id": image,
            "category_id": 1 + box % 2,
            "bbox": [box * 4, 0, 32, 40],
            "iscrowd": 0,
        }
        for image in range(4)
        for box in range(6)
    ]
    told = {
        "images": [{"id": number, "file_name": f"{number}.png"} for number in range(4)],
        "categories": [{"id": 1, "name": label}, {"id": 2, "name": "van"}],
        "annotations": annotations,
    }
    (folder / "instances.json").write_text(json.dumps(told))
    return folder


def test_crops_of_one_picture_stay_together(tmp_path: Path) -> None:
    dataset = collect(listing(coco(tmp_path, "car")))
    assert dataset.counts == {"car": 12, "van": 12}
    assert independent(dataset) == {"car": 4, "van": 4}
    assert picture.read(dataset.pictures[0].sample)[1].shape == (40, 32, 3)


@pytest.mark.parametrize(
    ("label", "line"), [("car/van", "no slash"), ("..", "no dot"), (" van", "without blanks")]
)
def test_a_label_that_is_no_name_of_a_folder_is_an_error(tmp_path: Path, label: str, line: str) -> None:
    with pytest.raises(DatasetError, match=f"{label}': expected .*{line}"):
        collect(listing(coco(tmp_path, label)))


def test_yolo_boxes(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    (tmp_path / "classes.txt").write_text("cat\ndog\n")
    cv2.imwrite(str(tmp_path / "images" / "a.png"), drawn("dots", 1, 100))
    (tmp_path / "labels" / "a.txt").write_text("1 0.5 0.5 0.4 0.2\n0 0.2 0.2 0.4 0.4\n")
    listed = listing(tmp_path)
    assert [(sample.label, sample.crop) for sample in listed.samples] == [
        ("dog", (30, 40, 70, 60)),
        ("cat", (0, 0, 40, 40)),
    ]


def snapshot(data: Path, camera: str, day: str, number: int, label: str | None, event: str) -> None:
    folder = data / "snapshots" / camera / day
    folder.mkdir(parents=True, exist_ok=True)
    kind = "dots" if label == "courier" else "stripes"
    cv2.imwrite(str(folder / f"{number}.crop.jpg"), drawn(kind, number))
    (folder / f"{number}.json").write_text(
        json.dumps({"human_label": label, "event": event, "camera": camera})
    )


def test_labelled_snapshots_of_one_event_stay_together(tmp_path: Path) -> None:
    for number in range(40):
        label = ("courier", "neighbour")[number % 2]
        snapshot(tmp_path, "gate", "2026-03-01", number, label, f"event-{number // 4}-{number % 2}")
    snapshot(tmp_path, "gate", "2026-03-01", 99, None, "other")
    dataset = collect(listing(tmp_path))
    assert dataset.counts == {"courier": 20, "neighbour": 20}
    assert independent(dataset) == {"courier": 10, "neighbour": 10}
    assert any("divided by events" in remark for remark in dataset.remarks)
    assert "1 more without a label" in dataset.about


def test_days_stay_together_once_there_are_enough(tmp_path: Path) -> None:
    for number in range(48):
        day = f"2026-03-{1 + number // 8:02}"
        snapshot(tmp_path, "gate", day, number, ("courier", "neighbour")[number % 2], f"event-{number}")
    assert independent(collect(listing(tmp_path))) == {"courier": 6, "neighbour": 6}


def test_near_duplicates_stay_together(tmp_path: Path) -> None:
    root = write_set(tmp_path, 10)
    first = cv2.imread(str(root / "dots" / "000.png"))
    cv2.imwrite(
        str(root / "dots" / "recoded.jpg"), cv2.resize(first, (90, 90)), [cv2.IMWRITE_JPEG_QUALITY, 60]
    )
    dataset = collect(listing(root))
    names = [sample.name for sample in dataset.samples()]
    groups = dict(zip(names, dataset.groups, strict=True))
    assert groups["dots/recoded.jpg"] == groups["dots/000.png"]
    assert len(set(groups.values())) == 20


def test_an_export_comes_back_as_it_was(tmp_path: Path) -> None:
    for number in range(24):
        snapshot(
            tmp_path / "data",
            "gate",
            "2026-03-01",
            number,
            ("courier", "neighbour")[number % 2],
            f"e{number // 4}",
        )
    dataset = collect(listing(tmp_path / "data"))
    for out in (tmp_path / "out", tmp_path / "out.zip"):
        export(dataset, out)
        back = collect(listing(out))
        assert (back.digest, independent(back)) == (dataset.digest, independent(dataset))
        with pytest.raises(DatasetError, match="there already"):
            export(dataset, out)


def test_an_import_is_labelled_snapshots_and_is_made_once(tmp_path: Path) -> None:
    dataset = collect(listing(write_set(tmp_path / "set", 10)))
    assert imported(dataset, tmp_path / "data", "imported") == 20
    assert imported(dataset, tmp_path / "data", "imported") == 0
    assert collect(listing(tmp_path / "data")).counts == dataset.counts


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40)), min_size=30, max_size=120),
    st.integers(2, 5),
    st.integers(0, 9),
)
def test_groups_are_never_divided(rows: list[tuple[int, int]], count: int, seed: int) -> None:
    of = folds([kind for kind, _ in rows], [group for _, group in rows], count, seed)
    for group in {group for _, group in rows}:
        assert len({int(fold) for fold, (_, mine) in zip(of, rows, strict=True) if mine == group}) == 1


@given(st.integers(20, 60), st.integers(0, 99))
def test_single_pictures_are_divided_evenly(count: int, seed: int) -> None:
    classes = [0] * count + [1] * (2 * count)
    of = folds(classes, range(3 * count), 5, seed)
    for kind in (0, 1):
        sizes = np.bincount(of[np.array(classes) == kind], minlength=5)
        assert sizes.max() - sizes.min() <= 1
    part = shares(classes, range(3 * count), [0.2, 0.8], seed)
    assert abs((part[:count] == 0).sum() - 0.2 * count) <= 1


@pytest.mark.parametrize(
    ("small", "fraction", "watched"), [(1000, None, 0), (10, None, 4), (1000, 0.25, 8), (10, 0.0, 0)]
)
def test_pictures_are_watched_only_where_there_are_many(
    tmp_path: Path, small: int, fraction: float | None, watched: int
) -> None:
    dataset = collect(listing(write_set(tmp_path, 20)))
    for part in divide.parts(dataset, Division(fraction=fraction, small=small), seed=0):
        assert len(part.watched) == watched
        assert sorted([*part.train, *part.watched, *part.held]) == list(range(40))
