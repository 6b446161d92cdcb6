"""A JupyterHub for a class, as `deploy/jupyterhub` sets it up: real hub, proxy and browsers."""

import contextlib
import re
import resource
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.handwriting import UPRIGHT
from tests.browser.hub import Hub, Member, running_hub, until
from tests.browser.lab import TRAINING
from tests.browser.test_pad_store import note, open_model
from tests.stand_ins import small

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = ("ada", "blaise", "charles", "dorothy", "emmy")
AHEAD = ("", "One training is", "Two trainings are", "Three trainings are", "Four trainings are")
PATIENT = 2
"""How many of them wait until it is their turn to train."""

LONG = 20
"""Epochs of a training that lasts until it is cancelled."""

IDLE = 45
"""Seconds after which a server that nobody uses is stopped.

A page that is open shows it to the proxy every 30 seconds, and the hub asks the proxy every 11.
"""

NOT_OURS = 'Window name candidate "null" already exists'
"""Voila says so of its own page when JupyterLab opens beside it, and nothing comes of it."""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with running_hub(tmp_path_factory.mktemp("hub"), idle=IDLE) as running:
        yield running


@pytest.fixture(scope="module")
def members(browser: Browser, hub: Hub) -> Iterator[list[Member]]:
    """Give five users who have logged in and have the pad before them."""
    everybody = [
        Member(browser.new_context(viewport={"width": 1280, "height": 900}).new_page(), hub, name)
        for name in NAMES
    ]
    for member in everybody:
        member.log_in()
    for member in everybody:
        member.arrive()
    yield everybody
    for member in everybody:
        member.page.context.close()
    for member in everybody:
        member.check()


def is_kernel(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return "ipykernel" in " ".join(process.cmdline())
    return False


def families(hub: Hub) -> dict[str, list[psutil.Process]]:
    """Return every user's server with the kernels below it."""
    return {
        name: [server, *filter(is_kernel, server.children(recursive=True))]
        for name, server in hub.servers().items()
    }


def train(member: Member, epochs: int, recipe: str | None = None) -> None:
    """Ask for a training, and do not wait for it."""
    page = member.page
    if page.locator(".dr-options-panel").is_hidden():
        page.locator(".dr-options-toggle").click()
    if recipe is not None:
        page.get_by_label("Recipe", exact=True).select_option(recipe)
    page.get_by_label("Epochs", exact=True).fill(str(epochs))
    page.keyboard.press("Enter")
    member.press("(Re)Train")


def test_five_users_draw_are_answered_and_train(hub: Hub, members: list[Member]) -> None:
    for digit, member in enumerate(members):
        member.draw(UPRIGHT[digit])
        assert member.settled() == f"That's a {digit}."
    found = families(hub)
    assert set(found) == set(NAMES)
    # Each has a server, a kernel and a folder with the course; Linux holds every process down.
    for name, family in found.items():
        assert len(family) >= 2
        if psutil.LINUX:
            assert {one.rlimit(resource.RLIMIT_DATA) for one in family} == {(3 * 2**30,) * 2}
        assert (hub.folder / "users" / name / "digitrec" / "01_explore_the_data.ipynb").is_file()

    # All want to train. They take turns, and the pads go on answering meanwhile. Not everybody
    # has the patience.
    for number, member in enumerate(members):
        train(member, LONG)
        if number:
            ahead = f"{AHEAD[number]} ahead of yours"
            expect(member.page.locator(".dr-stage")).to_contain_text(ahead)
    for digit, member in enumerate(members):
        stage = member.page.locator(".dr-stage")
        if digit < PATIENT:
            expect(stage).to_contain_text(f" of {LONG}", timeout=TRAINING)
        member.press("Clear")
        member.waiting()
        member.draw(UPRIGHT[digit + 5])
        assert str(digit + 5) in member.settled()
        for other in members[digit + 1 :]:
            expect(other.page.locator(".dr-stage")).not_to_contain_text("Epoch")
        member.press("Cancel")
        expect(member.button("(Re)Train")).to_be_enabled()
    last = members[-1]
    train(last, 1, "classic: about 10 seconds")
    expect(last.page.locator(".dr-stage")).to_contain_text("Done.", timeout=TRAINING)
    last.press("Keep it")
    expect(last.page.locator(".dr-whence")).to_contain_text("You trained this model")


def test_the_course_opens_beside_the_pad(members: list[Member]) -> None:
    member = members[1]
    member.page.goto(member.address)
    member.arrive()
    link = member.page.locator(".dr-course a", has_text="What does the computer see?")
    with member.page.context.expect_page() as opened:
        link.click()
    expect(opened.value).to_have_url(re.compile(r"/user/blaise/lab/tree/+01_explore_the_data"))
    expect(opened.value.get_by_role("heading", name="What does the computer see?")).to_be_visible()
    opened.value.close()
    member.errors[:] = [said for said in member.errors if said != NOT_OURS]


def test_nobody_comes_in_without_the_password(browser: Browser, hub: Hub) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{hub.address}user/ada/voila/render/06_drawing_pad.ipynb")
    expect(page.locator("#username_input")).to_be_visible()
    page.locator("#username_input").fill("charles")
    page.locator("#password_input").fill("another password")
    page.locator("#login_submit").click()
    expect(page.get_by_text("Invalid username or password")).to_be_visible()
    page.context.close()


def test_a_server_that_nobody_uses_is_stopped_and_its_model_is_there_again(
    hub: Hub, members: list[Member], tmp_path: Path
) -> None:
    first, here, *_ = members
    small(5).save(tmp_path / "mine.safetensors")
    open_model(first, tmp_path / "mine.safetensors")
    first.press("Keep it")
    note(first).to_contain_text("You opened this model on")
    found = families(hub)
    assert set(found) == set(NAMES)
    # Where every user's kernels put what is to be cleared up.
    corners = {name: Path(family[-1].environ()["TMPDIR"]) for name, family in found.items()}
    assert all(corner.is_dir() for corner in corners.values())
    for member in members:
        if member is not here:
            member.page.goto("about:blank")
    others = [one for name, family in found.items() if name != here.name for one in family]
    until(lambda: set(hub.servers()) == {here.name}, "not every server was culled", 3 * IDLE + 60)
    psutil.wait_procs(others, timeout=30)
    assert [one.pid for one in others if one.is_running()] == []
    assert {name for name, corner in corners.items() if corner.exists()} == {here.name}
    here.press("Clear")
    here.draw(UPRIGHT[6])
    assert here.settled() == "That's a 6."
    # A server that is started again is as good: the browser has the model.
    first.page.goto(hub.address)
    first.page.wait_for_url(re.compile("voila/render"), timeout=TRAINING)
    first.ready()
    note(first).to_contain_text("You opened this model on")
