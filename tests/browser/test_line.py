"""A page whose web socket goes through something between it and the server."""

import pytest
from playwright.sync_api import Browser, expect
from proxy import Proxy

from tests.browser.conftest import DESKTOP
from tests.browser.visit import Visit
from tests.drawings import SEVEN

pytestmark = pytest.mark.browser


def test_behind_a_proxy_that_drops_a_header_somebody_draws_and_is_answered(
    browser: Browser, server: str
) -> None:
    with Proxy(server, without="Sec-WebSocket-Protocol") as proxy:
        page = browser.new_context(**DESKTOP).new_page()
        visit = Visit(page, proxy.address)
        visit.open()
        visit.draw(SEVEN)
        expect(page.locator(".dr-sentence")).to_contain_text("That's a 7.")
        page.context.close()
    # The browser said once that the name was not answered, and went on without it.
    assert [error for error in visit.errors if "Sec-WebSocket-Protocol" not in error] == []
    visit.errors.clear()
    visit.check()
