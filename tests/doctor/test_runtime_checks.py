"""Which package of onnxruntime is there, and which one this machine would want."""

from streamer.doctor.runtime import Hardware, installed, judged, runtime

NVIDIA = Hardware("an NVIDIA graphics card", ("cuda", "tensorrt"))
INTEL = Hardware("Intel graphics", ("openvino",))


def test_what_is_installed_and_offered_is_told() -> None:
    offered = next(iter(runtime()))
    assert offered.good
    assert "offers the providers" in offered.text
    assert offered.text.endswith("cpu")
    [(name, version)] = installed().items()
    assert f"{name} {version}" in offered.text


def test_two_packages_exclude_one_another() -> None:
    packages = {"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}
    [broken, *_] = judged(packages, ("cpu",), ())
    assert not broken.good
    assert "onnxruntime 1.31.1, onnxruntime-gpu 1.31.1: packages of one module" in broken.text
    assert broken.advice == ("pip uninstall onnxruntime onnxruntime-gpu; then install the one that you need")


def test_hardware_that_another_package_would_use_is_named() -> None:
    [_, card, _] = judged({"onnxruntime": "1.31.1"}, ("cpu",), (NVIDIA,))
    assert card.text == "an NVIDIA graphics card: not used; provider cuda or tensorrt would"
    assert card.advice == "pip uninstall onnxruntime; pip install onnxruntime-gpu"
    [_, both, _] = judged({"onnxruntime-gpu": "1.31.1"}, ("tensorrt", "cuda", "cpu"), (NVIDIA, INTEL))
    assert both.text.startswith("Intel graphics: not used; provider openvino would")
    assert "openvino in onnxruntime-openvino" not in next(
        finding.text for finding in judged({"onnxruntime-openvino": "1.24.1"}, ("openvino", "cpu"), ())
    )


def test_the_packages_of_other_providers_are_named() -> None:
    *_, last = judged({"onnxruntime-gpu": "1.31.1"}, ("tensorrt", "cuda", "cpu"), ())
    assert "directml in onnxruntime-directml" in last.text
    assert "migraphx in onnxruntime-migraphx" in last.text
    assert "cuda in" not in last.text
