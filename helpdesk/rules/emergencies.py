"""What may be done about urgent business during maintenance."""

OUTCOMES = ("interrupt", "work_around", "wait")
"""The window ends or is put back; it is done another way; it waits until the window is over."""
