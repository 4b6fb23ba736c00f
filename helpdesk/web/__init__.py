"""DOOR: pages."""
