"""Trainings: a queue of child processes that make classifiers of labelled pictures."""
