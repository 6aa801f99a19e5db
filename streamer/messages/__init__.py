"""What Sightline says to programs: versioned records, one JSON object each."""
