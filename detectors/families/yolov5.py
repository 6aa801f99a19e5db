"""YOLOv5 and v7 as their ``export.py`` writes them: one row per anchor and cell, decoded.

Sources: ultralytics/yolov5 ``models/yolo.py`` ``Detect.forward`` (AGPL-3.0) and WongKinYiu/yolov7
``models/yolo.py`` ``IDetect.forward`` (GPL-3.0; only the layout of their exports is read here). The exports
of ultralytics/yolov3 and of YOLOv4 and Scaled-YOLOv4 in PyTorch (WongKinYiu/PyTorch_YOLOv4) have the same
rows.
"""

from __future__ import annotations

from detectors.families.rows import Rows


class Yolov5(Rows):
    """Three anchors a cell; boxes in input pixels."""

    anchors = 3
