"""After an edit, make anew what it has changed, and nothing else."""
