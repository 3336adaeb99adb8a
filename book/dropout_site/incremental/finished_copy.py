"""Finish a copy of what Sphinx has written, so that it can go on from its own pages the next time.

What the theme says in other languages, most of all folders, is no part of the site. The parts of
page_weight change pages and take files away. `make book` names the folder of the copy in the
setting `finished_site`; without one the pages are finished where they are.
"""

import shutil


def copy(app, exception):
    if exception is None and app.config.finished_site:
        translations = shutil.ignore_patterns("locales")
        shutil.copytree(app.outdir, app.config.finished_site, ignore=translations)
        app.outdir = app.config.finished_site  # for the parts of page_weight, which come next


def setup(app):
    app.add_config_value("finished_site", "", "")
    app.connect("build-finished", copy, priority=850)  # the theme writes a stylesheet so late
