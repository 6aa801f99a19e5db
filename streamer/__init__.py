"""Sightline: from live cameras to followed objects."""
