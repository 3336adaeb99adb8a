"""Marks a folder of submitted notebooks: student code runs apart, and is compared outside."""
