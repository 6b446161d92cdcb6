"""A drawing made with the keyboard alone."""

from tests.browser.visit import Visit


def draw_a_seven_with_keys(visit: Visit) -> None:
    """Draw a 7 on the last pad of the page, with arrows and Space."""
    visit.page.locator(".dr-echo").last.focus()
    press = visit.page.keyboard.press
    for key, times in (("Shift+ArrowLeft", 3), ("Shift+ArrowUp", 4), ("Space", 1)):
        for _ in range(times):
            press(key)
    for _ in range(6):
        press("Shift+ArrowRight")
    for _ in range(9):
        press("Shift+ArrowDown")
        for _ in range(3):
            press("ArrowLeft")
    press("Space")
