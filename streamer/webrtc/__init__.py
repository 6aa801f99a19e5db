"""Live video in the browser: what is coded once is sent to every viewer, and boxes beside it."""
