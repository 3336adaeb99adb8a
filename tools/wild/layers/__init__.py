"""Give ``diagnose`` layers in the writings of the world: python -m tools.wild.layers."""
