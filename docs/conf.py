"""Sphinx's settings: MyST pages, furo's look, the API from the docstrings."""

from __future__ import annotations

from sphinx.ext.napoleon.docstring import GoogleDocstring

import aioimapi

project = "aioimapi"
author = "The aioimapi developers"
copyright = author
release = version = aioimapi.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"aioimapi {release}"
html_static_path: list[str] = []

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "imported-members": True, "show-inheritance": True}
autodoc_preserve_defaults = True
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_custom_sections = [("Cancellation", "notes_style"), ("Scenarios", "notes_style")]


def _whole_text(self: GoogleDocstring) -> tuple[str, list[str]]:
    """Read the docstring of a property or constant as it is written.

    Napoleon takes what stands before a colon in its first line for the type; ours are sentences, and typed.
    """
    lines = [self._lines.next(), *self._dedent(self._consume_to_end())]
    return "", type(self)(lines, self._config).lines()


GoogleDocstring._consume_inline_attribute = _whole_text  # type: ignore[method-assign]
