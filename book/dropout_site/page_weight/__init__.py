"""Fewer files and bytes to load, and none before the first screen that it does not need."""
