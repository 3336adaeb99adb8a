"""Put SVG figures into the page itself: `theme_svg` says what becomes of them.

The figure's alt text becomes its label; an image without one is a warning, and so an error of the
build.
"""

from pathlib import Path

from docutils import nodes
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging

from dropout_site.figures.theme_svg import inline

logger = logging.getLogger(__name__)
FEW = 5  # pages, which Sphinx reads without copies of its process


def text_width(*line, **style):
    from dropout_scaling import plots  # here, as Matplotlib comes with it, and few edits need it

    return plots.text_width(*line, **style)


class InlineSvg(SphinxPostTransform):
    default_priority = 8  # before Sphinx collects the images to copy
    formats = ("html",)

    def run(self, **kwargs):
        for number, image in enumerate(list(self.document.findall(nodes.image)), 1):
            if not image.get("alt", "").strip():
                logger.warning("image without alt text: %s", image["uri"], location=image)
                continue
            file = Path(self.env.srcdir, image["uri"])
            if file.suffix == ".svg" and file.is_file():
                html = inline(
                    file.read_text("utf8"),
                    image["alt"],
                    prefix=f"figure{number}-",
                    text_width=text_width,
                )
                image.replace_self(nodes.raw("", html, format="html"))


def load_once(app, env, pages):
    """Load Matplotlib before Sphinx copies this process: each copy reads some of many pages."""
    if len(pages) > FEW:
        from dropout_scaling import plots  # noqa: F401


def setup(app):
    app.connect("env-before-read-docs", load_once)
    app.add_post_transform(InlineSvg)
