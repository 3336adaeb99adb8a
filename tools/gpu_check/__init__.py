"""The check on a GPU without a network; ``__main__`` is the command."""
