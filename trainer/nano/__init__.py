"""The recipe of the embedded detector `sightline-nano`."""
