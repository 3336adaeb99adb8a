"""What the book needs of this machine: its environment, and what a test asks for beside it."""
