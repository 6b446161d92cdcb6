"""A page whose web socket goes through something between it and the server."""

import pytest
from playwright.sync_api import Browser, expect
from proxy import Proxy

from tests.browser.conftest import DESKTOP
from tests.browser.visit import Visit
from tests.drawings import SEVEN

pytestmark = pytest.mark.browser

NOTICES = """
window.notices = [];
new MutationObserver(() => {
  const notice = document.getElementById("frame-lost");
  if (notice && !notice.hidden) window.notices.push(notice.textContent);
}).observe(document, { attributes: true, childList: true, subtree: true });
"""
"""Remembers whatever the page said about its line, also if it went again."""


def test_behind_a_proxy_that_drops_a_header_somebody_draws_and_is_answered(
    browser: Browser, server: str
) -> None:
    with Proxy(server, without="Sec-WebSocket-Protocol") as proxy:
        page = browser.new_context(**DESKTOP).new_page()
        page.add_init_script(NOTICES)
        visit = Visit(page, proxy.address)
        visit.open()
        assert page.evaluate("notices") == []
        visit.draw(SEVEN)
        expect(page.locator(".dr-sentence")).to_contain_text("That's a 7.")
        page.context.close()
    # The browser said once that the name was not answered, and went on without it.
    assert [error for error in visit.errors if "Sec-WebSocket-Protocol" not in error] == []
    visit.errors.clear()
    visit.check()
