"""Helpdesk: an ITSM service desk.

Rules decide, the desk acts, the store remembers, outbound sends, doors let people in.
"""
