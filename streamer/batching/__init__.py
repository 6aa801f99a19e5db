"""One queue of frames for all cameras of a detector, and the threads that run it."""
