"""SHAPES. marshmallow schemas shared by forms, JSON, mail and the command line."""
