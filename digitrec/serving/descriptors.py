"""File descriptors: as many as the system allows, and calm when they run short."""

import os
import resource
import time
from collections.abc import Callable

from digitrec.serving.settings import num_descriptors

FOR_A_KERNEL = 40
"""Descriptors that must be left when a kernel is started: it takes some 30 for a moment."""

FOR_A_LINE = 16
"""Descriptors that must be left for a page's web socket to its kernel, which takes nine."""

_EPISODE = 60.0  # seconds without a shortage, after which the next one is told again


class Descriptors:
    """The descriptors of this process, whose limit is raised to what the system allows it.

    A server that meets an error at every step for want of them, or a library that ends the process
    then, is worse than one that has some wait. So whatever needs several asks first.

    Parameters
    ----------
    log : callable of str
        Told of a shortage once, and again when there was none for a minute.
    """

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._last_short = -_EPISODE
        self.give_way: Callable[[], bool] = lambda: False
        """Frees one that is held for nothing; returns whether there was such a one."""
        most, (soft, hard) = num_descriptors(), resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft != resource.RLIM_INFINITY and soft < most:
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        self.limit = most
        # The others are for the kernels, and for what else comes up.
        self.for_connections = most - most // 4

    def are_left(self, number: int) -> bool:
        """Tell whether so many are left, when all that can give way has done so."""
        left = self._num_left()
        if left < number:
            self.run_short()
            while left < number and self.give_way():
                left += 1
        return left >= number

    def _num_left(self) -> int:
        try:
            with os.scandir("/dev/fd") as entries:
                return self.limit - sum(1 for _ in entries)
        except OSError:  # none is left to look with
            return 0

    def run_short(self) -> None:
        """Take down that some were missing."""
        now = time.monotonic()
        if now - self._last_short >= _EPISODE:
            self._log(
                f"Short of file descriptors: {self.limit} may be open (ulimit -n). "
                "New connections wait or are refused."
            )
        self._last_short = now
