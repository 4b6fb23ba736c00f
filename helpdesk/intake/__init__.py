"""DOOR: mail."""
