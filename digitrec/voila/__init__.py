"""Voila for the drawing pad: the server (``server``) and the page's template (``templates``)."""
