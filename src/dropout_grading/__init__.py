"""Marks a folder of submitted notebooks.

A student's code runs in a process of its own. What it returns is compared outside that process.

To write an assignment: ``checks`` and ``check_helpers``. To mark: ``mark_folder`` marks all
submissions, ``mark_submission`` one; ``results`` says what they return. The commands are
``__main__`` and ``upload``; ``container`` marks where there is no sandbox. ``submissions`` reads
what was handed in, ``execution`` runs it, and ``reports`` writes the tables and the feedback.
"""
