"""The documentation site: `make docs` writes it to `site/`; a link that leads nowhere fails it."""

from __future__ import annotations

from evinet import __version__

project = "evinet"
author = "The evinet authors"
release = version = __version__
copyright = "The evinet authors, Apache-2.0"

extensions = [
    "myst_parser",
    "sphinx.ext.apidoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
]
html_theme = "furo"
html_title = f"evinet {version}"
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]

# The reference collects every module that exists; nobody keeps a list of them.
apidoc_modules = [
    {
        "path": "../src/evinet",
        "destination": "reference/modules",
        "separate_modules": False,
        "module_first": True,
        # The pages and figures of the report, and the commands, which have a page of their own.
        "exclude_patterns": ["../src/evinet/report", "**/commands.py", "**/command.py"],
    }
]
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
default_role = "code"
napoleon_google_docstring = False
napoleon_use_ivar = True
# A type's name that several modules have; the layout of a docstring. Links are never suppressed.
suppress_warnings = ["ref.python", "docutils"]
exclude_patterns = ["reference/modules/modules.rst"]
