"""Heads of every family, and what they mean."""

from __future__ import annotations

from collections.abc import Mapping

import plain
from heads_cells import (
    fastestdet,
    fastestdet_decoded,
    nanodet,
    nanodet_decoded,
    nanodet_plus,
    nanodet_plus_decoded,
    picodet,
    picodet_decoded,
    sightline,
    sightline_decoded,
)
from heads_final import (
    efficientdet,
    efficientdet_decoded,
    final,
    final_decoded,
    final_turned,
    final_turned_decoded,
    flat,
    flat_decoded,
    mmdeploy,
    mmdeploy_decoded,
    nms_plugin,
    nms_plugin_decoded,
    rt_detr_decoded,
    shares,
    tf_detection,
    tf_detection_decoded,
    torchvision,
    torchvision_decoded,
    torchvision_shares_decoded,
    triples,
)
from heads_maps import (
    TINY,
    TINY_V4,
    V2,
    V3,
    V4,
    after_sigmoid,
    before_sigmoid,
    fastest,
    fastest_decoded,
    maps,
    maps_decoded,
)
from heads_pairs import (
    keras_yolo,
    keras_yolo_decoded,
    masked_faces,
    pairs,
    pairs_decoded,
    retinanet,
    retinanet_decoded,
    scrfd,
    scrfd_decoded,
    shares_decoded,
    ultraface,
    ultraface_decoded,
    ultraface_raw_decoded,
    yunet,
    yunet_decoded,
)
from heads_rows import (
    columns_decoded,
    columns_of,
    queries,
    queries_decoded,
    query_rows,
    query_rows_decoded,
    rows_decoded,
    rows_of,
    turned_about,
    turned_about_decoded,
    turned_columns_decoded,
    with_maps,
    yolox_decoded,
)
from plain import NAMES, STRIDES, Kind, sigmoid, softmax

TWICE = dict.fromkeys(STRIDES, 2.0)
KINDS: Mapping[str, Kind] = {
    "sightline": Kind(sightline, sightline_decoded),
    "yolox": Kind(rows_of(84, raw=True), yolox_decoded),
    "yolox-decoded": Kind(rows_of(84, raw=False), rows_decoded),
    "ultralytics-v8": Kind(columns_of(0), columns_decoded),
    "ultralytics-v8 of masks": Kind(columns_of(32, -1, 1), columns_decoded, (*NAMES, ("task", "segment"))),
    "ultralytics-v8 of poses": Kind(
        columns_of(51, 0, 64), columns_decoded, (*NAMES, ("task", "pose"), ("kpt_shape", "[17, 3]"))
    ),
    "ultralytics-v8 of turned boxes": Kind(
        columns_of(1, -1.5, 1.5), turned_columns_decoded, (*NAMES, ("task", "obb"))
    ),
    "end-to-end": Kind(final(0), final_decoded),
    "end-to-end of masks": Kind(final(32), final_decoded, (*NAMES, ("task", "segment"))),
    "end-to-end of poses": Kind(final(51), final_decoded, (*NAMES, ("task", "pose"))),
    "end-to-end of turned boxes": Kind(final_turned, final_turned_decoded, (*NAMES, ("task", "obb"))),
    "yolov2": Kind(maps(V2, "planes"), maps_decoded(V2, "planes", stretch={}, classes=softmax)),
    "yolov3": Kind(maps(V3, "planes"), maps_decoded(V3, "planes", stretch={})),
    "yolov3-tiny": Kind(maps(TINY, "flat"), maps_decoded(TINY, "flat", stretch={})),
    "yolov4": Kind(maps(V4, "cells"), maps_decoded(V4, "cells", stretch={8: 1.2, 16: 1.1, 32: 1.05})),
    "yolov4-decoded": Kind(pairs(252, last=True, size=1, single=True), pairs_decoded),
    "yolov5": Kind(rows_of(252, raw=False), rows_decoded),
    "yolov5-raw": Kind(maps(V3, "anchors"), maps_decoded(V3, "anchors", square=True, stretch=TWICE)),
    "yolov7-raw": Kind(maps(V4, "anchors"), maps_decoded(V4, "anchors", square=True, stretch=TWICE)),
    "yolo-nas": Kind(pairs(84, last=True), pairs_decoded),
    "pp-yoloe": Kind(pairs(84, last=False), pairs_decoded),
    "nanodet": Kind(nanodet, nanodet_decoded),
    "nanodet-plus": Kind(nanodet_plus, nanodet_plus_decoded),
    "fastestdet": Kind(fastestdet, fastestdet_decoded),
    "ultraface": Kind(ultraface(raw=False), ultraface_decoded, ()),
    "ultraface-raw": Kind(ultraface(raw=True), ultraface_raw_decoded, ()),
    "scrfd": Kind(scrfd(points=True, batched=True), scrfd_decoded, ()),
    "scrfd without a batch axis": Kind(scrfd(points=False, batched=False), scrfd_decoded, (), batched=False),
    "yunet": Kind(yunet, yunet_decoded, ()),
    "efficientdet": Kind(efficientdet, efficientdet_decoded),
    "detr": Kind(queries(1), queries_decoded(lambda row: softmax(row)[: plain.CLASSES])),
    "deformable-detr": Kind(queries(0), queries_decoded(sigmoid)),
    "rt-detr": Kind(triples("boxes", "scores", "labels"), rt_detr_decoded),
    "tf-detection": Kind(tf_detection, tf_detection_decoded),
    "torchvision": Kind(torchvision, torchvision_decoded, batched=False),
    "nms-plugin": Kind(nms_plugin, nms_plugin_decoded),
    "ultralytics-rows": Kind(turned_about, turned_about_decoded),
    "rt-detr-ultralytics": Kind(query_rows, query_rows_decoded),
    "yolov3-keras": Kind(keras_yolo, keras_yolo_decoded),
    "yolov4-tiny": Kind(
        maps(TINY_V4, "planes"), maps_decoded(TINY_V4, "planes", stretch={16: 1.05, 32: 1.05})
    ),
    "yolov4 whose scores are after their sigmoid": Kind(
        after_sigmoid(maps(V4, "cells"), 4),
        before_sigmoid(maps_decoded(V4, "cells", stretch={8: 1.2, 16: 1.1, 32: 1.05}), 4),
    ),
    "yolov5-raw after its sigmoid": Kind(
        after_sigmoid(maps(V3, "anchors"), 0),
        before_sigmoid(maps_decoded(V3, "anchors", square=True, stretch=TWICE), 0),
    ),
    "yolov5 with its maps": Kind(with_maps, rows_decoded),
    "yolo-fastestv2": Kind(fastest, fastest_decoded),
    "yolov7-final": Kind(flat("pbcs", counted=False), flat_decoded("pbcs"), batched=False),
    "yolo-nas-final": Kind(flat("pbsc", counted=False), flat_decoded("pbsc"), batched=False),
    "paddle-final": Kind(flat("csb", counted=True), flat_decoded("csb"), batched=False),
    "yolo-nas in shares": Kind(pairs(84, last=True, size=1), shares_decoded),
    "ultraface of three classes": Kind(masked_faces, ultraface_decoded),
    "picodet": Kind(picodet, picodet_decoded),
    "mmdeploy": Kind(mmdeploy, mmdeploy_decoded),
    "retinanet": Kind(retinanet(-9, 1, 0.5), retinanet_decoded(torchvision=True)),
    "retinanet whose sizes end": Kind(retinanet(-9, 1, 6), retinanet_decoded(torchvision=True)),
    "retinanet-scored": Kind(retinanet(0, 0.4, 2), retinanet_decoded(torchvision=False)),
    "ssd": Kind(shares, torchvision_shares_decoded),
}
"""By the name of the family, and what is special about it."""
