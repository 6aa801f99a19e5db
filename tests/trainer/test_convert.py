"""TensorFlow models of every form, converted and compared; what is refused, and how that is said."""

import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import keras
import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from detectors.examining.convert import Kind
from trainer.__main__ import main
from trainer.convert.parity import compare
from trainer.errors import ConversionError

# TensorFlow's own, of its converters.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
SIDE = 32
LABELS = "door\ngate\nwall\n"


def network(*middle: keras.layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(1)
    picture = keras.Input((SIDE, SIDE, 3), name="picture")
    x = keras.layers.Conv2D(4, 3, strides=2, activation="relu")(picture)
    for layer in (keras.layers.BatchNormalization(), *middle, keras.layers.GlobalAveragePooling2D()):
        x = layer(x)
    return keras.Model(picture, keras.layers.Dense(3, activation="softmax", name="answer")(x))


def lambda_layer() -> keras.layers.Layer:
    return keras.layers.Lambda(lambda x: x * 2, name="sneaky")


def small_bytes(folder: Path) -> bytes:
    """The SavedModel in 8 bits, bytes in and out."""
    converter = tf.lite.TFLiteConverter.from_saved_model(str(folder))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    rng = np.random.default_rng(0)
    converter.representative_dataset = lambda: (
        [rng.random((1, SIDE, SIDE, 3), np.float32) * np.float32(each / 8)] for each in range(9)
    )
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    return converter.convert()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One small network in every form."""
    folder = tmp_path_factory.mktemp("models")
    net = network()
    net.save(folder / "net.keras")
    net.save(folder / "net.h5")
    net.export(str(folder / "net"), verbose=False)
    frozen = convert_variables_to_constants_v2(
        tf.function(lambda picture: net(picture, training=False)).get_concrete_function(
            tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, "picture")
        )
    )
    (folder / "net.pb").write_bytes(frozen.graph.as_graph_def().SerializeToString())
    lite = tf.lite.TFLiteConverter.from_saved_model(str(folder / "net"))
    (folder / "net.tflite").write_bytes(lite.convert())
    (folder / "bytes.tflite").write_bytes(small_bytes(folder / "net"))
    return folder


def answers(path: Path, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    [answer] = session.run(None, {session.get_inputs()[0].name: pixels})
    return answer


def pixels() -> NDArray[np.float32]:
    return np.random.default_rng(2).random((1, SIDE, SIDE, 3), np.float32)


def refusal(capsys: pytest.CaptureFixture[str], model: Path, *more: str) -> str:
    assert main(["convert", str(model), "--out", str(model.parent / "out"), *more]) == 2
    told = capsys.readouterr().err
    assert not (model.parent / "out").exists()
    [line] = [line for line in told.splitlines() if line.startswith("sightline: ")]
    return line.removeprefix("sightline: ")


@pytest.mark.parametrize("name", ["net", "net.pb", "net.keras", "net.h5", "net.tflite"])
def test_every_form_answers_as_keras_does(models: Path, tmp_path: Path, name: str) -> None:
    assert main(["convert", str(models / name), "--out", str(tmp_path)]) == 0
    expected = np.asarray(network()(pixels(), training=False))
    np.testing.assert_allclose(answers(tmp_path / "net.onnx", pixels()), expected, atol=1e-5)
    report = json.loads((tmp_path / "conversion.json").read_text())
    [difference] = report["outputs"].values()
    assert difference["largest"] < 1e-5 < difference["magnitude"]
    assert report["kind"] in {kind.value for kind in Kind}


def test_bytes_of_tensorflow_lite_become_numbers(models: Path, tmp_path: Path) -> None:
    assert main(["convert", str(models / "bytes.tflite"), "--out", str(tmp_path)]) == 0
    expected = np.asarray(network()(pixels(), training=False))
    np.testing.assert_allclose(answers(tmp_path / "bytes.onnx", pixels()), expected, atol=0.03)
    told = json.loads((tmp_path / "bytes.json").read_text())["input"]
    # The pixels themselves went in: of 255 steps from 0 to 1.
    assert told == {"channels": "rgb", "mean": [0.0] * 3, "std": pytest.approx([255] * 3, abs=2)}


def test_pictures_are_those_that_are_given(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "noise.png"
    cv2.imwrite(str(picture), np.random.default_rng(0).integers(0, 255, (50, 40, 3), np.uint8))
    assert main(["convert", str(models / "net.pb"), "--out", str(tmp_path), "--picture", str(picture)]) == 0
    assert "on 1 picture" in capsys.readouterr().out
    assert "no picture that can be read" in refusal(
        capsys, models / "net.pb", "--picture", str(models / "net.pb")
    )


def test_what_lies_beside_a_model_goes_with_it(models: Path, tmp_path: Path) -> None:
    model = tmp_path / "gate.pb"
    model.write_bytes((models / "net.pb").read_bytes())
    (tmp_path / "gate.labels.txt").write_text(LABELS)
    (tmp_path / "gate.json").write_text('{"license": "MIT", "input": {"mean": [127.5, 127.5, 127.5]}}')
    assert main(["convert", str(model), "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "gate.json").read_text())
    assert told["labels"] == ["door", "gate", "wall"]
    assert (told["license"], told["input"]) == ("MIT", {"mean": [127.5] * 3})
    assert told["source"].startswith("gate.pb (frozen TensorFlow graph), converted by tf2onnx")


def saved(folder: Path, shape: Sequence[int | None], function: Callable[[tf.Tensor], tf.Tensor]) -> Path:
    module = tf.Module()
    signature = [tf.TensorSpec(shape, tf.uint8, "picture")]
    module.answer = tf.function(lambda picture: {"seen": function(picture)}, input_signature=signature)
    tf.saved_model.save(module, str(folder), signatures=module.answer)
    return folder


def convolved(picture: tf.Tensor) -> tf.Tensor:
    return tf.nn.conv2d(picture / 255, tf.ones((3, 3, 3, 2)), 2, "SAME")


@pytest.mark.parametrize(
    ("fit", "mode"),
    [
        (lambda picture: tf.image.resize(picture, (48, 64)), "stretch"),
        (lambda picture: tf.image.resize_with_pad(picture, 48, 64), "centre"),
        (
            lambda picture: tf.image.pad_to_bounding_box(tf.image.resize(picture, (40, 60)), 0, 0, 48, 64),
            "top-left",
        ),
    ],
)
def test_the_size_a_model_works_at_is_found(
    tmp_path: Path, fit: Callable[[tf.Tensor], tf.Tensor], mode: str
) -> None:
    model = saved(tmp_path / "any", (1, None, None, 3), lambda x: convolved(fit(tf.cast(x, tf.float32))))
    assert main(["convert", str(model), "--out", str(tmp_path / "out")]) == 0
    told = json.loads((tmp_path / "out" / "any.json").read_text())["input"]
    assert told == {"width": 64, "height": 48, "letterbox": {"mode": mode}}


def test_a_model_without_a_size_of_its_own_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = saved(tmp_path / "any", (1, None, None, 3), lambda x: convolved(tf.cast(x, tf.float32)))
    assert main(["convert", str(model), "--out", str(tmp_path / "out")]) == 0
    assert "pictures of any size: 640x640 is used" in capsys.readouterr().out


def test_an_operation_without_a_form_in_onnx_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def odd(picture: tf.Tensor) -> tf.Tensor:
        x = tf.cast(picture, tf.float32) + 1
        return tf.raw_ops.Betainc(a=x, b=x, x=x / 300, name="strange")

    line = refusal(capsys, saved(tmp_path / "odd", (1, 8, 8, 3), odd))
    assert "no form in ONNX: Betainc (" in line
    assert "strange" in line


def test_what_touches_files_is_refused_and_not_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "written"

    def writes(picture: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.io.write_file(str(target), "x")]):
            return tf.cast(picture, tf.float32) + 1

    line = refusal(capsys, saved(tmp_path / "writer", (1, 8, 8, 3), writes))
    assert line.startswith("refused: operation WriteFile")
    assert not target.exists()


@pytest.mark.parametrize("name", ["sneaky.keras", "sneaky.h5"])
def test_a_lambda_layer_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    network(lambda_layer()).save(tmp_path / name)
    assert (
        refusal(capsys, tmp_path / name) == "refused: 'sneaky' is a Lambda layer, which is code in the file"
    )


def test_a_layer_of_somebody_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    @keras.saving.register_keras_serializable("others")
    class Own(keras.layers.ReLU):
        pass

    for name in ("own.keras", "own.h5"):
        network(Own(name="mine")).save(tmp_path / name)
        assert "'mine' is a Own of " in refusal(capsys, tmp_path / name)

    @keras.saving.register_keras_serializable("others")
    class Doubling(keras.layers.Layer):
        def call(self, numbers: tf.Tensor) -> tf.Tensor:
            return numbers * 2

    # As somebody's own script saves it: no module is named.
    Doubling.__module__ = "__main__"
    for name in ("twice.keras", "twice.h5"):
        network(Doubling(name="twice")).save(tmp_path / name)
        assert "'twice' is a Doubling of others, which is not part of Keras" in refusal(
            capsys, tmp_path / name
        )


def test_weights_without_a_graph_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network().save_weights(tmp_path / "only.weights.h5")
    assert refusal(capsys, tmp_path / "only.weights.h5").startswith("holds weights without a graph")


@pytest.mark.realdata
def test_weights_of_an_old_keras_are_told(test_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = test_data / "classifiers" / "squeezenet_notop_tf.h5"
    assert refusal(capsys, model).startswith("holds weights without a graph")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("x.keras", b"PK not really", "damaged, or no Keras file"),
        ("x.h5", b"\x89HDF\r\n\x1a\n and no more", "damaged, or no HDF5 file"),
        ("x.pb", b"\xff" * 40, "cannot be read as a frozen TensorFlow graph"),
        ("x.pb", b"", "no frozen graph"),
        ("x.tflite", b"\0\0\0\0TFL3" + b"\xff" * 40, "cannot be read as a TensorFlow Lite file"),
        ("x.pkl", pickle.dumps([1]), "a pickle, which runs code"),
        ("x.model", pickle.dumps([1]), "a pickle, which runs code"),
        ("x.onnx", b"\x08\x08", "not a TensorFlow model"),
    ],
)
def test_damaged_files_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal(capsys, tmp_path / name).startswith(told)


def test_a_model_of_two_inputs_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = [keras.Input((8, 8, 3), name="left"), keras.Input((8, 8, 3), name="right")]
    keras.Model(pair, keras.layers.Add()(pair)).save(tmp_path / "two.keras")
    assert "expected one input, a picture; received 'left', 'right'" in refusal(
        capsys, tmp_path / "two.keras"
    )


def test_answers_far_apart_are_an_error() -> None:
    feed = [np.zeros((1, 4, 4, 3), np.float32)]
    with pytest.raises(ConversionError, match=r"answers otherwise: 100% of output 'x' is off, by up to 0\.5"):
        compare(feed, lambda _: {"x": np.ones(4)}, lambda _: {"x": np.full(4, 0.5)})
    with pytest.raises(ConversionError, match="output 'x' got lost"):
        compare(feed, lambda _: {"x": np.ones(4)}, lambda _: {"y": np.ones(4)})
    assert compare(feed, lambda _: {"x": np.ones(4)}, lambda _: {"x": np.full(4, 1.01)})["x"].off == 0


def test_what_is_written_is_a_whole_onnx_model(models: Path, tmp_path: Path) -> None:
    assert main(["convert", str(models / "bytes.tflite"), "--out", str(tmp_path)]) == 0
    onnx.checker.check_model(onnx.load(tmp_path / "bytes.onnx"), full_check=True)


def detector_of_lite(path: Path, *, regular: bool) -> Path:
    """As the Object Detection API writes them: with anchors, and an operator that exists nowhere else."""
    rng = np.random.default_rng(0)
    anchors = [
        [(y + 0.5) / 4, (x + 0.5) / 4, size, size] for y in range(4) for x in range(4) for size in (0.2, 0.5)
    ]
    weights, offsets, scores, liking = variables = [
        tf.Variable(rng.normal(0, deviation, shape), dtype=tf.float32)
        for deviation, shape in (
            (0.2, (3, 3, 3, 8)), (0.2, (1, 1, 8, 8)), (0.3, (1, 1, 8, 2 * 4)), (1.5, (1, 4, 4, 8)),
        )
    ]  # fmt: skip
    owner = tf.Module()
    owner.all = variables
    given = {
        "max_detections": "i: 10", "max_classes_per_detection": "i: 1", "num_classes": "i: 3",
        "use_regular_nms": f"b: {str(regular).lower()}", "nms_score_threshold": "f: 0.92",
        "nms_iou_threshold": "f: 0.5", "y_scale": "f: 10", "x_scale": "f: 10", "h_scale": "f: 5",
        "w_scale": "f: 5",
    }  # fmt: skip
    told = " ".join(f'attr {{ key: "{key}" value {{ {value} }} }}' for key, value in given.items())

    @tf.function(experimental_implements=f'name: "TFLite_Detection_PostProcess" {told}', autograph=False)
    def suppressed(boxes: tf.Tensor, found: tf.Tensor, around: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return tuple(tf.constant(0.0, name=name) for name in ("boxes", "classes", "scores", "count"))

    @tf.function
    def answer(picture: tf.Tensor) -> tuple[tf.Tensor, ...]:
        seen = tf.nn.relu(tf.nn.conv2d(tf.nn.avg_pool2d(picture / 255, 8, 8, "SAME"), weights, 1, "SAME"))
        boxes = tf.reshape(tf.nn.conv2d(seen, offsets, 1, "SAME"), [1, 32, 4])
        found = tf.sigmoid(tf.reshape(tf.nn.conv2d(seen, scores, 1, "SAME") + liking, [1, 32, 4]))
        return suppressed(boxes, found, tf.constant(anchors))

    concrete = answer.get_concrete_function(tf.TensorSpec([1, SIDE, SIDE, 3], tf.float32, name="picture"))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], owner)
    converter.allow_custom_ops = True
    path.write_bytes(converter.convert())
    return path


@pytest.mark.parametrize("regular", [False, True])
def test_the_suppression_of_tensorflow_lite_gives_the_same_rows(tmp_path: Path, regular: bool) -> None:
    model = detector_of_lite(tmp_path / "ssd.tflite", regular=regular)
    (tmp_path / "ssd.labels.txt").write_text(LABELS)
    assert main(["convert", str(model), "--out", str(tmp_path / "out")]) == 0
    report = json.loads((tmp_path / "out" / "conversion.json").read_text())
    assert len(report["outputs"]) == 4
    assert all(each["largest"] < 1e-5 for each in report["outputs"].values())
    reached = sorted(each["magnitude"] for each in report["outputs"].values())
    # The last of three classes, some of ten places; scores, and boxes that leave the picture a little.
    assert reached[-2] == 2
    assert 2 < reached[-1] < 10
    assert json.loads((tmp_path / "out" / "ssd.json").read_text())["family"] == "tflite-detection"


def test_lite_models_of_any_size_are_compared_at_one(tmp_path: Path) -> None:
    keras.utils.set_random_seed(1)
    picture = keras.Input((None, None, 3), name="picture")
    seen = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, strides=2)(picture))
    answer = keras.layers.Dense(3, activation="softmax")(seen)
    content = tf.lite.TFLiteConverter.from_keras_model(keras.Model(picture, answer)).convert()
    (tmp_path / "open.tflite").write_bytes(content)
    assert main(["convert", str(tmp_path / "open.tflite"), "--out", str(tmp_path / "out")]) == 0
    [difference] = json.loads((tmp_path / "out" / "conversion.json").read_text())["outputs"].values()
    assert difference["largest"] < 1e-5
