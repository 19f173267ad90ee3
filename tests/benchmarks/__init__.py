"""Measurements, run by hand: each prints its figures as ratios between two things run in turn."""
