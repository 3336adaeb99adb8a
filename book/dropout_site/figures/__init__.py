"""Drawings in the page itself, in its theme and its font."""
