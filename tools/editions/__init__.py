"""The book as a PDF, as an EPUB and as slides, each made from the built pages alone."""
