"""What a person knows of a scene, applied to what was found: filters, masks, zones, lines, counts."""
