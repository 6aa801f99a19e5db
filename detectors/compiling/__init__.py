"""Compiles any model file into one graph."""
