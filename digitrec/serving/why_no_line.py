"""Why the line from a page to its kernel, a web socket, was not opened: a page may ask."""

from urllib.parse import urlsplit

from digitrec.serving.handlers import Answer

_BEHIND = "See “Behind a proxy” in the README of digitrec."
_TELL = "This page cannot reach its pad, and a reload would not help. Please tell who runs it"


class WhyNoLine(Answer):
    """Tells a page that could not open its line what is in the way, without a kernel."""

    SUPPORTED_METHODS = ("GET",)

    def get(self, kernel_id: str) -> None:
        """Write one JSON object: the reason, what to say, and whether a reload may help."""
        has_kernel = kernel_id in self.settings["kernel_manager"]
        has_room = has_kernel and self.settings["lines"].has_room(kernel_id)
        origin, host = self.get_argument("origin", ""), self.request.host
        reason, says, reload = explain(origin, host, has_kernel=has_kernel, has_room=has_room)
        self.set_header("Cache-Control", "no-store")
        self.write({"reason": reason, "says": says, "reload": reload})


def explain(origin: str, host: str, *, has_kernel: bool, has_room: bool) -> tuple[str, str, bool]:
    """Say why a page that can ask this could not open its line.

    Parameters
    ----------
    origin : str
        Where the page believes to be, as its browser says it.
    host : str
        What the server was asked for, which a proxy may have changed.
    has_kernel : bool
        Whether the page's kernel is there.
    has_room : bool
        Whether another line to it may be opened.

    Returns
    -------
    reason : str
        "gone", "many", "origin" or "blocked".
    says : str
        The same for a person.
    reload : bool
        Whether to load the page again may help.

    Examples
    --------
    >>> explain("https://pad.example", "pad.example", has_kernel=False, has_room=False)
    ('gone', 'Lost touch with the server.', True)
    >>> explain("https://pad.example", "127.0.0.1:8866", has_kernel=True, has_room=True)[0]
    'origin'
    """
    if not has_kernel:
        return "gone", "Lost touch with the server.", True
    found = urlsplit(origin.lower()).netloc
    if found and found != host.lower():
        asked = f"the server was asked for {host[:100]}"
        says = f"{_TELL}: {asked}, so the proxy has to pass the header Host on. {_BEHIND}"
        return "origin", says, False
    if not has_room:
        return "many", "This pad has too many connections. Please try again in a while.", True
    says = f"{_TELL}: something on the way, as a rule a proxy, passes no web sockets on. {_BEHIND}"
    return "blocked", says, False
