"""What is measured while the service runs: Prometheus series, and the figures of the last seconds."""
