"""What a chapter is made of: boxes, folds, docstrings, citations."""
