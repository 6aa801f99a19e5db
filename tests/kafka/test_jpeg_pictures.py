"""Pictures for the bus: never enlarged, drawn after scaling, the same from any thread."""

from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publish.results import Found, frame, tracks

from streamer.config.bus import JpegConfig
from streamer.kafka.format.pictures import JpegPictures
from streamer.publish.annotate import INK, Annotator, colour_of

PERSON: Found = ("person", 0.87, (600.0, 200.0, 1000.0, 900.0), 3)
SHARP = JpegConfig(quality=100)


def opened(jpeg: bytes) -> np.ndarray:
    assert jpeg.startswith(b"\xff\xd8\xff")
    image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    return image


@settings(max_examples=60)
@given(st.integers(1, 900), st.integers(1, 900), st.integers(16, 900))
def test_it_is_at_most_so_wide_never_enlarged_and_of_the_same_shape(
    width: int, height: int, limit: int
) -> None:
    taken = frame(size=(width, height))
    image = opened(JpegPictures(JpegConfig(width=limit)).jpeg(taken, tracks(PERSON)))
    assert image.shape[1] == min(width, limit)
    assert image.shape[0] == max(1, round(height * image.shape[1] / width))


def test_boxes_are_where_the_objects_are_in_the_smaller_picture() -> None:
    image = opened(JpegPictures(SHARP).jpeg(frame(size=(1920, 1080)), tracks(PERSON)))
    assert image.shape == (720, 1280, 3)
    colour = np.array(colour_of("person", 3))
    # The edges of the box, times two thirds.
    for x, y in ((533, 133), (533, 600), (400, 400), (667, 400)):
        near = image[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3).astype(int)
        assert np.abs(near - colour).max(axis=1).min() < 40, (x, y)
    inside = image[160:580, 410:655].astype(int)
    assert np.abs(inside - 90).max() < 30


def test_names_are_drawn_after_scaling_and_so_as_large_as_on_a_picture_of_that_size() -> None:
    small = replace_box(PERSON, 2 / 3)
    scaled = opened(JpegPictures(SHARP).jpeg(frame(size=(1920, 1080)), tracks(PERSON)))
    drawn = Annotator().annotated(frame(size=(1280, 720)).image, tracks(small).detections)
    assert np.abs(scaled.astype(int) - drawn).mean() < 1
    chip = scaled[100:133, 400:500].reshape(-1, 3).astype(int)
    assert np.abs(chip - INK).max(axis=1).min() < 60


def replace_box(found: Found, factor: float) -> Found:
    label, confidence, (x1, y1, x2, y2), track = found
    return label, confidence, (x1 * factor, y1 * factor, x2 * factor, y2 * factor), track


@pytest.mark.parametrize("size", [(1920, 1080), (640, 360)])
def test_the_frame_and_its_boxes_stay_as_they_were(size: tuple[int, int]) -> None:
    taken, found = frame(size=size), tracks(PERSON)
    JpegPictures(JpegConfig()).jpeg(taken, found)
    assert (taken.image == 90).all()
    assert (found.detections.xyxy == np.array([PERSON[2]])).all()


def test_a_lower_quality_takes_less_room() -> None:
    noisy = frame(size=(640, 360))
    noisy.image[:] = np.random.default_rng(0).integers(0, 255, noisy.image.shape, np.uint8)
    sizes = [len(JpegPictures(JpegConfig(quality=quality)).jpeg(noisy, tracks())) for quality in (95, 80, 30)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 2 * sizes[2]


def test_many_threads_make_what_one_makes() -> None:
    pictures = JpegPictures(JpegConfig(width=320))
    work = [
        (
            frame(number, size=(640, 360)),
            tracks(*(replace_box(PERSON, 1 / (k + 2)) for k in range(number % 5))),
        )
        for number in range(60)
    ]
    alone = [JpegPictures(JpegConfig(width=320)).jpeg(*each) for each in work]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda each: pictures.jpeg(*each), work)) == alone
