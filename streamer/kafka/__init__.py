"""Records on Kafka: what is on it, what waits for it on disk, and how it gets there."""
