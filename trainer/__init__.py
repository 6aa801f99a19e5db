"""The trainer: from labelled pictures to a model with its manifest."""
