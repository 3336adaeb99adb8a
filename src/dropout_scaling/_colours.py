"""The colours of the book's figures, for what draws them and for the site.

The site swaps each one for a colour of the page's theme, so no two may be alike. It does so in a
reader's browser too, before matplotlib is there: hence a module without it.
"""

INK = "#767b83"  # a grey that reads on white and on black
STANDARD = "#d55e00"  # Okabe and Ito's orange (vermilion)
INVERTED = "#0072b2"  # ... and their blue
