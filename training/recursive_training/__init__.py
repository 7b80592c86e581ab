"""Retrodiction training: hindcasts each variable of a data set, and says how far to trust it."""

__version__ = "0.1.0"
