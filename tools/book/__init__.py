"""From the notebooks and the assignments to what readers get."""
