"""What a chapter trains and draws, where that is long and not its lesson: a module a chapter.

``lab.why_drop`` belongs to ``book/paper/why-drop.ipynb``, and to it alone. A function here takes
what it needs as arguments, and returns results or draws a figure: the sentences, the numbers and
the claims stay in the chapter. What two chapters need is not here, but in ``train`` or ``plots``.
"""
