"""Layers in the writings of the world, each with its truth, to see what the doctor says of them."""
