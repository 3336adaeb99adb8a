"""Where the book is published from, if anywhere: told by the environment, never guessed.

A button with an invented address would send readers to a name that someone else could own.
"""

import os
import re
import sys
from dataclasses import dataclass

LAUNCH_BRANCH = "launch"


def site_address():
    """The address that SITE_URL says the book is published at, ending in a slash, or None."""
    address = os.environ.get("SITE_URL", "")
    if not address:
        return None
    if not re.fullmatch(r"https?://[\w.:-]+(/[\w.~-]+)*/?", address):
        sys.exit(
            f"SITE_URL must be an address such as https://OWNER.github.io/NAME, got {address!r}"
        )
    return address.rstrip("/") + "/"


@dataclass(frozen=True)
class Repository:
    url: str  # https://github.com/OWNER/NAME
    branch: str  # that the edit button changes
    commit: str  # that the package is installed from, where a notebook is opened elsewhere

    @classmethod
    def from_environment(cls):
        """The repository named by REPOSITORY_URL, _BRANCH and COMMIT, or None if none is."""
        url = os.environ.get("REPOSITORY_URL", "").removesuffix(".git").rstrip("/")
        branch = os.environ.get("REPOSITORY_BRANCH", "")
        commit = os.environ.get("COMMIT", "")
        if not url:
            return None
        if not (re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url) and branch and commit):
            sys.exit(
                "REPOSITORY_URL must be https://github.com/OWNER/NAME, with REPOSITORY_BRANCH and "
                f"COMMIT set beside it; got {url!r}, {branch!r}, {commit!r}"
            )
        return cls(url, branch, commit)

    def settings(self):
        """What _config.yml gets so that pages show the launch, repository and edit buttons."""
        return {
            "launch_buttons": {
                "notebook_interface": "jupyterlab",
                "binderhub_url": "https://mybinder.org",
                "colab_url": "https://colab.research.google.com",
            },
            # The launch buttons open this branch; editing has to go to the one below.
            "repository": {"url": self.url, "branch": LAUNCH_BRANCH, "path_to_book": "book"},
            "html": {"use_repository_button": True, "use_edit_page_button": True},
            "sphinx": {
                "config": {
                    "html_context": {
                        "edit_page_provider_name": "GitHub",
                        "edit_page_url_template": (
                            f"{self.url}/edit/{self.branch}/book/{{{{ file_name }}}}"
                        ),
                    }
                }
            },
        }
