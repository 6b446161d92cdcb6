"""Visitors without a browser: each opens the page over HTTP and draws through its web socket.

What they say to the kernel is what the page says: the same messages, gathered for as long, sent as
the pen moves. What they do not do is paint.
"""

import asyncio
import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urljoin

from jupyter_server.services.kernels.connection.base import (
    deserialize_msg_from_ws_v1,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.websocket import WebSocketClientConnection, websocket_connect

PATIENCE = 300.0
"""Seconds after which a visitor gives up."""
GATHER = 0.064
"""Seconds for which the page gathers points into a batch (``GATHER`` in overlay.js)."""
STEP = 1 / 60
"""Seconds between two points of a pen."""
PROTOCOL = "v1.kernel.websocket.jupyter.org"

Strokes = list[list[tuple[float, float]]]


class GaveUpError(Exception):
    """Something that was waited for did not come."""


@dataclass
class Visitor:
    """Somebody with the page open.

    Parameters
    ----------
    address : str
        Where the page is.
    """

    address: str
    kernel_id: str = ""
    states: dict[str, Any] = field(default_factory=dict)
    opened: float = 0.0  # seconds from asking for the page to having its widgets
    failures: int = 0  # messages in which the kernel said that something failed
    _socket: WebSocketClientConnection | None = None
    _reader: asyncio.Task[None] | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _cookie: str = ""
    _batches: int = 0
    _done: set[str] = field(default_factory=set)  # messages that the kernel is through with
    _session: str = field(default_factory=lambda: uuid.uuid4().hex)
    _pen: str = field(default_factory=lambda: uuid.uuid4().hex[:8])

    # ---- Opening and leaving
    async def open(self) -> None:
        """Load the page and what it names, connect, and ask for the widgets."""
        begun = time.monotonic()
        page = await self._fetch(self.address)
        text = page.body.decode()
        found = re.search(r'"kernelId":\s*"([0-9a-f-]{36})"', text)
        if not found:
            raise GaveUpError("the page names no kernel")
        self.kernel_id = found[1]
        cookies = page.headers.get_list("Set-Cookie")
        self._cookie = "; ".join(cookie.split(";")[0] for cookie in cookies)
        for part in re.findall(r'<(?:script|link)\b[^>]*?(?:src|href)="(/[^"]+)"', text):
            await self._fetch(urljoin(page.effective_url, part))
        channels = urljoin(page.effective_url, f"/api/kernels/{self.kernel_id}/channels")
        query = urlencode({"session_id": self._session})
        self._socket = await websocket_connect(
            HTTPRequest(f"ws{channels.removeprefix('http')}?{query}"),
            subprotocols=[PROTOCOL],
            max_message_size=100_000_000,
        )
        self._reader = asyncio.create_task(self._read())
        await self._ask_for_widgets()
        self.opened = time.monotonic() - begun

    async def _fetch(self, address: str) -> HTTPResponse:
        request = HTTPRequest(address, request_timeout=PATIENCE, connect_timeout=PATIENCE)
        return await AsyncHTTPClient().fetch(request)

    async def _ask_for_widgets(self) -> None:
        control = uuid.uuid4().hex
        self._post("kernel_info_request", {})
        about = {"target_name": "jupyter.widget.control", "comm_id": control, "data": {}}
        self._post("comm_open", about, metadata={"version": "1.0.0"})
        self._post("comm_msg", {"comm_id": control, "data": {"method": "request_states"}})
        await self.until(lambda: bool(self.states), "the page's widgets")

    async def leave(self) -> None:
        """Close the tab properly: the page asks for the end of its kernel."""
        token = re.search(r"_xsrf=([^;]+)", self._cookie)
        request = HTTPRequest(
            urljoin(self.address, f"/voila/api/shutdown/{self.kernel_id}"),
            method="POST",
            headers={"Cookie": self._cookie},
            body=urlencode({"_xsrf": token[1] if token else ""}),
            request_timeout=PATIENCE,
        )
        self.vanish()
        await AsyncHTTPClient().fetch(request, raise_error=False)

    def vanish(self) -> None:
        """Lose the network: nothing is said, and the connection is gone."""
        if self._reader is not None:
            self._reader.cancel()
        if self._socket is not None:
            self._socket.close()

    # ---- Speaking and hearing
    def _post(
        self,
        kind: str,
        content: dict[str, Any],
        *,
        metadata: dict[str, Any] | None = None,
        buffers: list[bytes] | None = None,
    ) -> str:
        assert self._socket is not None
        header = {
            "msg_id": uuid.uuid4().hex,
            "session": self._session,
            "username": "",
            "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "msg_type": kind,
            "version": "5.2",
        }
        rest = ({}, metadata or {}, content)
        parts = [json.dumps(part).encode() for part in (header, *rest)]
        message = serialize_msg_to_ws_v1([*parts, *(buffers or [])], "shell")
        sent = self._socket.write_message(message, binary=True)
        # If a connection closes meanwhile, its reader notices.
        sent.add_done_callback(lambda done: done.exception())
        return str(header["msg_id"])

    def send(self, model: str, content: dict[str, Any], buffers: list[bytes] | None = None) -> str:
        """Send a widget a message of its own kind; return the message's name."""
        data = {"method": "custom", "content": content}
        return self._post("comm_msg", {"comm_id": model, "data": data}, buffers=buffers)

    def update(
        self, model: str, state: dict[str, Any], paths: list[list[str]], buffers: list[bytes]
    ) -> None:
        """Change a widget's state, as its view does."""
        data = {"method": "update", "state": state, "buffer_paths": paths}
        self._post("comm_msg", {"comm_id": model, "data": data}, buffers=buffers)

    async def _read(self) -> None:
        assert self._socket is not None
        while (raw := await self._socket.read_message()) is not None:
            if isinstance(raw, bytes):
                self._hear(raw)

    def _hear(self, raw: bytes) -> None:
        channel, parts = deserialize_msg_from_ws_v1(raw)
        if channel != "iopub":
            return
        kind = json.loads(bytes(parts[0]))["msg_type"]
        if kind in ("error", "stream"):
            self.failures += 1
        if kind == "status" and json.loads(bytes(parts[3]))["execution_state"] == "idle":
            self._done.add(json.loads(bytes(parts[1])).get("msg_id", ""))
            self._news.set()
        if kind not in ("comm_msg", "comm_open"):
            return
        content = json.loads(bytes(parts[3]))
        data = content.get("data", {})
        if data.get("method") == "update_states":
            for model, about in data["states"].items():
                self.states.setdefault(model, {}).update(about["state"])
        elif "state" in data:
            self.states.setdefault(content["comm_id"], {}).update(data["state"])
        self._news.set()

    async def gone(self) -> None:
        """Wait until the server has closed the connection."""
        assert self._reader is not None
        await asyncio.wait_for(self._reader, PATIENCE)

    async def until(self, condition: Any, what: str, patience: float = PATIENCE) -> float:
        """Wait for something to become true; return when it did, on the monotonic clock."""
        limit = time.monotonic() + patience
        while not condition():
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), limit - time.monotonic())
            except TimeoutError:
                raise GaveUpError(f"{what} did not come") from None
        return time.monotonic()

    def find(self, **wanted: Any) -> str:
        """Return the identity of the one widget whose state has these values."""
        for model, state in self.states.items():
            has = [
                value in state[name] if isinstance(state.get(name), list) else state[name] == value
                for name, value in wanted.items()
                if name in state
            ]
            if len(has) == len(wanted) and all(has):
                return model
        raise GaveUpError(f"there is no widget with {wanted}")


class OurVisitor(Visitor):
    """A visitor of the drawing pad of digitrec."""

    async def open(self) -> None:
        """Open the page and greet, as its pad does once it is drawn."""
        await super().open()
        self.failures = 0  # of drawing; the widgets' own way of asking has a harmless one
        self._overlay = self.find(_anywidget_id="digitrec.app.pad.overlay.Overlay", name="pad")
        self._said = self.find(_dom_classes="dr-sentence")
        self.send(self.find(_dom_classes="dr-canvas"), {"event": "client_ready"})
        self._act([["hello", [], None]])

    def _act(self, actions: list[Any]) -> str:
        self._batches += 1
        return self.send(self._overlay, {"pen": self._pen, "number": self._batches, "do": actions})

    def sentence(self) -> tuple[str, str]:
        """Return what is said about the drawing, and in which mood."""
        shown = self.states[self._said]["value"]
        found = re.search(r'class="dr-said dr-is-(\w+)">(.*?)</p>', shown)
        assert found is not None
        return found[2], found[1]

    async def draw(self, strokes: Strokes) -> tuple[float, str]:
        """Clear, draw, and wait for the settled answer.

        Returns
        -------
        seconds : float
            From lifting the pen to the answer's arrival.
        sentence : str
            What was answered.
        """
        last = self._act([["clear"]])
        await self.until(
            lambda: last in self._done and self.sentence()[1] == "waiting", "the empty pad"
        )
        for stroke in strokes:
            last = await self._stroke(stroke)
        lifted = time.monotonic()
        # An earlier text may be the answer to the first strokes.
        arrived = await self.until(
            lambda: last in self._done and self.sentence()[1] not in ("drawing", "waiting"),
            "an answer",
        )
        return arrived - lifted, self.sentence()[0]

    async def _stroke(self, stroke: list[tuple[float, float]]) -> str:
        begun, flushed = time.monotonic(), time.monotonic()
        actions: list[Any] = [["down", [list(stroke[0])]]]
        for place, point in enumerate(stroke[1:], start=1):
            await asyncio.sleep(max(0.0, begun + place * STEP - time.monotonic()))
            if actions and actions[-1][0] in ("down", "move"):
                actions[-1][1].append(list(point))
            else:
                actions.append(["move", [list(point)]])
            if time.monotonic() - flushed >= GATHER:
                self._act(actions)
                actions, flushed = [], time.monotonic()
        return self._act([*actions, ["up"]])

    def show_picture(self, content: bytes) -> None:
        """Put a picture on the pad, as a file that is chosen."""
        self._batches += 1
        batch = {"pen": self._pen, "number": self._batches, "do": [["picture", self._batches]]}
        self.send(self._overlay, batch, [content])

    def press(self, description: str) -> str:
        """Press the button that is called so; return its identity."""
        button = self.find(description=description)
        self.send(button, {"event": "click"})
        return button

    async def train(self) -> float:
        """Press (Re)Train and wait for its end; return the seconds that took."""
        begun = time.monotonic()
        start = self.press("(Re)Train")
        state = self.states[start]
        await self.until(lambda: state["disabled"], "the training's begin")
        # The pads come first: where they leave a slow machine little time, a training takes long.
        await self.until(lambda: not state["disabled"], "the training's end", 6 * PATIENCE)
        return time.monotonic() - begun


class PlainVisitor(Visitor):
    """A visitor of the plain pad, which is ipycanvas and TensorFlow as people write it."""

    async def open(self) -> None:
        """Open the page and say, as a canvas does, that there is one."""
        await super().open()
        self._canvas = self.find(_model_name="CanvasModel")
        self._said = next(
            model
            for model, state in self.states.items()
            if "peer-said" in str(state.get("value", ""))
        )
        self._clear = self.find(description="Clear")
        self.send(self._canvas, {"event": "client_ready"})

    def _mouse(self, event: str, point: tuple[float, float]) -> str:
        return self.send(self._canvas, {"event": event, "x": point[0], "y": point[1]})

    async def draw(self, strokes: Strokes) -> tuple[float, str]:
        """Clear, draw, and wait for the answer; every move is a message, as in ipycanvas.

        The picture is sent once a stroke, before the pen is lifted. A browser would send one for
        every change.

        Returns
        -------
        seconds : float
            From lifting the pen to the answer's arrival.
        sentence : str
            What was answered.
        """
        last = self.send(self._clear, {"event": "click"})
        await self.until(
            lambda: last in self._done and "peer-answered" not in self._value(), "the empty pad"
        )
        for number, stroke in enumerate(strokes, start=1):
            self._mouse("mouse_down", stroke[0])
            for point in stroke[1:]:
                await asyncio.sleep(STEP)
                self._mouse("mouse_move", point)
            self.update(self._canvas, {}, [["image_data"]], [picture(strokes[:number])])
            last = self._mouse("mouse_up", stroke[-1])
        lifted = time.monotonic()
        arrived = await self.until(
            lambda: last in self._done and "peer-answered" in self._value(), "an answer"
        )
        return arrived - lifted, re.sub("<.*?>", "", self._value())

    def _value(self) -> str:
        return str(self.states[self._said]["value"])


def picture(strokes: Strokes) -> bytes:
    """Return the PNG that a canvas of 300 pixels would send of these strokes."""
    import io

    from PIL import Image, ImageDraw

    image = Image.new("RGBA", (300, 300), "black")
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line(stroke, fill="white", width=18, joint="curve")
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()
