"""Measurements: they print times and judge none."""
