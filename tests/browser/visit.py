"""A visit to the page that is watched from the first word to the last."""

from typing import Any

from playwright.sync_api import CDPSession, ConsoleMessage, Page

PATIENCE = 60_000
"""Milliseconds that a machine with other work to do may take for anything on the page."""


class Visit:
    """One visitor's page, with all that its console said and all that it asked for."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self._touch: CDPSession | None = None
        page.set_default_timeout(PATIENCE)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def _hear(self, message: ConsoleMessage) -> None:
        # Warnings are Voila's own, about the versions of the modules that it shares.
        if message.type == "error":
            self.errors.append(message.text)

    def _note(self, url: str) -> None:
        local = (self.address, self.address.replace("http", "ws", 1), "data:", "blob:")
        if not url.startswith(local):
            self.foreign.append(url)

    def open(self) -> None:
        self.page.goto(self.address)
        self.ready()

    def ready(self) -> None:
        """Wait until the pad is painted."""
        self.page.locator(".dr-canvas").wait_for()
        self.page.wait_for_function(
            "document.querySelector('.dr-canvas')"
            ".getContext('2d').getImageData(150, 150, 1, 1).data[3] === 255"
        )

    def button(self, name: str) -> Any:
        return self.page.get_by_role("button", name=name, exact=True)

    def press(self, name: str) -> None:
        self.button(name).click()

    def corner(self) -> tuple[float, float]:
        """Where the canvas begins on the screen."""
        canvas = self.page.locator(".dr-canvas")
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        assert (box["width"], box["height"]) == (300, 300)
        return box["x"], box["y"]

    def draw(self, strokes: list[list[tuple[float, float]]]) -> None:
        """Draw with the mouse, as fast as a hand does."""
        left, top = self.corner()
        mouse = self.page.mouse
        for stroke in strokes:
            mouse.move(left + stroke[0][0], top + stroke[0][1])
            mouse.down()
            for x, y in stroke[1:]:
                mouse.move(left + x, top + y, steps=3)
            mouse.up()

    def touch(self, kind: str, *points: tuple[float, float]) -> None:
        """Send one touch event with fingers at points of the screen."""
        if self._touch is None:
            self._touch = self.page.context.new_cdp_session(self.page)
        fingers = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self._touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    def draw_by_touch(self, strokes: list[list[tuple[float, float]]]) -> None:
        """Draw with a finger."""
        left, top = self.corner()
        for stroke in strokes:
            self.touch("touchStart", (left + stroke[0][0], top + stroke[0][1]))
            for x, y in stroke[1:]:
                self.touch("touchMove", (left + x, top + y))
            self.touch("touchEnd")

    def settled(self) -> str:
        """Wait for an answer to a lifted pen; return its sentence."""
        said = self.page.locator(".dr-said:not(.dr-is-drawing):not(.dr-is-waiting)")
        said.wait_for()
        return str(said.inner_text())

    def waiting(self) -> None:
        """Wait until the pad is empty and says so."""
        self.page.locator(".dr-said.dr-is-waiting").wait_for()

    def brightness(self, x: int, y: int) -> int:
        """Return how bright the canvas is at a point, 0 to 255."""
        return int(
            self.page.evaluate(
                "([x, y]) => document.querySelector('.dr-canvas')"
                ".getContext('2d').getImageData(x, y, 1, 1).data[0]",
                [x, y],
            )
        )

    def wait_for_pixel(self, x: int, y: int, *, bright: bool) -> None:
        self.page.wait_for_function(
            "([x, y, bright]) => (document.querySelector('.dr-canvas')"
            ".getContext('2d').getImageData(x, y, 1, 1).data[0] > 127) === bright",
            arg=[x, y, bright],
        )

    def check(self) -> None:
        """Fail if the console showed an error or another host was asked for anything."""
        assert self.errors == []
        assert self.foreign == []
