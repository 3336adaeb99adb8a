"""The colours of the book's figures, for what draws them and for the site.

The site swaps each one for a colour of the page's theme, so no two may be alike. This module
does not import matplotlib, because a reader's browser needs the colours earlier.
"""

INK = "#767b83"  # a grey that reads on white and on black
STANDARD = "#d55e00"  # Okabe and Ito's orange (vermilion)
INVERTED = "#0072b2"  # ... and their blue
