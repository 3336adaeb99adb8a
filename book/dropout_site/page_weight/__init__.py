"""Fewer bytes to load: MathJax and the icons, cut to what the pages show."""
