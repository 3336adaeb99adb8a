"""Dropouts that ship in packages which pip installs, a file for each environment that they need."""
