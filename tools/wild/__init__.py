"""Layers and models of the world whose truth is known, to see what the doctor says of them."""
