"""The server of the drawing pad: settings, pages, the server itself, and the page's template.

Importing this room is cheap; Voila is imported when something is served.
"""

from digitrec.serving.run import ServingError, configuration, serve

__all__ = ["ServingError", "configuration", "serve"]
