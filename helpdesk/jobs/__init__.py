"""DOOR: time."""
