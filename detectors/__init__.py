"""Detectors: any model file becomes one graph, uint8 pictures in, boxes out."""
