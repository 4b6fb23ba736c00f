"""SEND, only after the commit."""
