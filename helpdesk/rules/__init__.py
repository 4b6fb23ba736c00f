"""DECIDE. Pure functions of their arguments; standard library and dateutil only."""
