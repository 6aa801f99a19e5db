"""YOLOv5 and v7 as their ``export.py`` writes them: one row per anchor and cell, decoded.

The exports of ultralytics/yolov3 and of YOLOv4 and Scaled-YOLOv4 in PyTorch (WongKinYiu/PyTorch_YOLOv4) have
the same rows. Only the layout of the exports is read here.

Source of yolov5: ultralytics/yolov5 ``models/yolo.py`` ``Detect.forward`` (commit 88f52e8d3656, GPL-3.0);
WongKinYiu/yolov7 ``models/yolo.py`` ``IDetect.fuseforward`` (commit 01285329f746, GPL-3.0).
"""

from __future__ import annotations

from detectors.families.rows import Rows


class Yolov5(Rows):
    """Three anchors a cell; boxes in input pixels."""

    anchors = 3
