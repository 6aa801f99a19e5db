"""Detectors: any model file becomes one graph, uint8 pictures in, boxes out."""

import os

# onnxruntime keeps a device id and a queue of events for its makers, unless told before its import.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
