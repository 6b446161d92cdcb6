"""A visit to the page that is watched from the first word to the last."""

import json
from typing import Any

import psutil
from playwright.sync_api import CDPSession, ConsoleMessage, Error, Page

PATIENCE = 120_000
"""Milliseconds that a machine with other work to do may take for anything on the page."""

LOOKS = """() => {
    const page = document.querySelector('.digitrec');
    const all = (what, state) => [...page.querySelectorAll(what)].map(state);
    return JSON.stringify([
        page.textContent, page.innerText, all('details', part => part.open),
        all('input, select', field => [field.value, field.checked, field.disabled]),
        all('button', button => [button.disabled, button.ariaPressed]),
    ]);
}"""
"""All that the pad's page says, and what is unfolded, chosen and pressed on it."""


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

    def kernel(self) -> psutil.Process:
        """Return the process that answers this page, one below this one."""
        number = json.loads(self.page.locator("#jupyter-config-data").inner_text())["kernelId"]
        (process,) = [
            child
            for child in psutil.Process().children(recursive=True)
            if any(f"kernel-{number}.json" in part for part in child.cmdline())
        ]
        return process

    def open(self) -> None:
        self.page.goto(self.address)
        self.ready()

    def ready(self) -> None:
        """Wait until the pad is painted, and with all that the page had kept."""
        self.page.locator(".dr-canvas").wait_for()
        self.page.wait_for_function(
            "document.querySelector('.dr-canvas')"
            ".getContext('2d').getImageData(150, 150, 1, 1).data[3] === 255"
        )
        self.taken()

    def taken(self) -> None:
        """Wait until the kernel has taken all that was done on the pads."""
        self.page.wait_for_function(
            "(pads => pads.length && pads.every(pad => pad.dataset.waiting === '0'))"
            "([...document.querySelectorAll('.dr-overlay')])"
        )

    def kept(self) -> list[list[list[float]]]:
        """Return the strokes that the page keeps over a reload: those that the kernel has."""
        self.taken()
        return list(
            self.page.evaluate(
                "(key => key ? JSON.parse(sessionStorage.getItem(key)).strokes : [])"
                "(Object.keys(sessionStorage).find(key => key.startsWith('digitrec:pad')))"
            )
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

    def draw(self, strokes: list[list[tuple[float, float]]], *, reached: bool = True) -> None:
        """Draw with the mouse, as fast as a hand does; wait until the kernel is reached by it."""
        left, top = self.corner()
        mouse = self.page.mouse
        for stroke in strokes:
            mouse.move(left + stroke[0][0], top + stroke[0][1])
            mouse.down()
            for x, y in stroke[1:]:
                mouse.move(left + x, top + y, steps=3)
            mouse.up()
        if reached:
            self.taken()

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
        self.taken()

    def settled(self) -> str:
        """Wait for an answer to a lifted pen; return its sentence."""
        said = self.page.locator(".dr-said:not(.dr-is-drawing):not(.dr-is-waiting)")
        said.wait_for()
        return str(said.inner_text())

    def waiting(self) -> None:
        """Wait until the pad is empty and says so."""
        self.page.locator(".dr-said.dr-is-waiting").wait_for()

    def brightness(self, x: int, y: int, canvas: str = ".dr-canvas") -> int:
        """Return how bright the canvas, or the one that lies over it, is at a point, 0 to 255."""
        return int(
            self.page.evaluate(
                "([canvas, x, y]) => document.querySelector(canvas)"
                ".getContext('2d').getImageData(x, y, 1, 1).data[0]",
                [canvas, x, y],
            )
        )

    def widths(self, pictures: str) -> list[int]:
        """Wait until all of these pictures are loaded; return how wide they are, pixels."""
        loaded = self.page.wait_for_function(
            "pictures => { const all = [...document.querySelectorAll(pictures)];"
            "return all.length && all.every(one => one.complete && one.naturalWidth)"
            "&& all.map(one => one.naturalWidth); }",
            arg=pictures,
        )
        return list(loaded.json_value())

    def wait_for_pixel(self, x: int, y: int, *, bright: bool) -> None:
        self.page.wait_for_function(
            "([x, y, bright]) => (document.querySelector('.dr-canvas')"
            ".getContext('2d').getImageData(x, y, 1, 1).data[0] > 127) === bright",
            arg=[x, y, bright],
        )

    def looks(self) -> str:
        """Return all that the page says, and what is unfolded, chosen and pressed."""
        return str(self.page.evaluate(LOOKS))

    def renew(self, fresh: str) -> bool:
        """Empty the pad and fold the page up; return whether it looks `fresh` again.

        Undo alone still knows what was there before.
        """
        page = self.page
        page.set_default_timeout(PATIENCE / 4)
        try:
            page.bring_to_front()
            page.mouse.up()
            page.mouse.move(0, 0)
            page.evaluate(
                "document.querySelectorAll('.digitrec details').forEach(one => (one.open = false))"
            )
            if page.locator(".dr-options-panel").is_visible():
                page.locator(".dr-options-toggle").click()
            self.press("Clear")
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            self.taken()
            page.wait_for_function(f"fresh => ({LOOKS})() === fresh", arg=fresh, polling=50)
            return self.kept() == [] and self.brightness(150, 150) == 0
        except Error:
            return False
        finally:
            page.set_default_timeout(PATIENCE)

    def check(self) -> None:
        """Fail if the console showed an error or another host was asked for anything."""
        assert self.errors == [], self.errors
        assert self.foreign == [], self.foreign
