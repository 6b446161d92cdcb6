"""The names under which the server answers.

A page elsewhere can have its own name lead to this machine, and its visitors' browsers then take
the server for a part of that page (DNS rebinding). A name that nobody elsewhere can own is safe.
"""

import ipaddress
import socket
from collections.abc import Iterable

# Nobody can register a name that ends so: RFC 6761, 6762 and 8375, and what ICANN keeps private.
_PRIVATE = ("localhost", "local", "internal", "home.arpa", "lan", "home", "corp")


class Hosts:
    """Tells whether a request asks for this server, and not for a page elsewhere.

    Addresses, names without a dot and names of private networks are always this server's.

    Parameters
    ----------
    named : iterable of str
        What else the server is called; "*" for any name at all.
    """

    def __init__(self, named: Iterable[str]) -> None:
        known = {name.lower().rstrip(".") for name in named}
        self._any = "*" in known
        self._known = known | {socket.gethostname().lower(), socket.getfqdn().lower()}

    def __contains__(self, host: str) -> bool:
        """Tell whether this server answers under a name, as a browser sends it without a port."""
        name = host.lower().removeprefix("[").removesuffix("]").rstrip(".")
        if self._any or name in self._known or "." not in name:
            return True
        return name.endswith(tuple(f".{private}" for private in _PRIVATE)) or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
