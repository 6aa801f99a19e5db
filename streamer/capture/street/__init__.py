"""The procedural camera ``sim://street``: pedestrians on a textured street, with the exact truth."""
