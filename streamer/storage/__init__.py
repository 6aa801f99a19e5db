"""What is kept: events with their snapshots."""
