"""The links from the pad to the pages of the course."""

import re

import pytest

from digitrec import resources
from digitrec.app.page import course
from digitrec.serving import reading as pages
from digitrec.serving.pages import PAGES
from tests.app.test_views import read

SETTINGS = ("VOILA_BASE_URL", "VOILA_REQUEST_URL", "DIGITREC_COURSE")


def links(monkeypatch: pytest.MonkeyPatch, **environment: str) -> list[str]:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    html = course.course_html()
    assert read(html).seen.count("a") == 5
    return re.findall('href="([^"]+)"', html)


def test_the_questions_are_those_of_the_notebooks() -> None:
    folder = resources.notebooks()
    assert list(course.QUESTIONS) == list(pages.lessons(folder))
    for name, question in course.QUESTIONS.items():
        assert pages.question(folder / f"{name}.ipynb") == question
    assert f"{course.LIVE}.ipynb" in PAGES


def test_beside_our_own_server_the_pages_are_to_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = links(monkeypatch, VOILA_BASE_URL="/user/ann/", DIGITREC_COURSE="1")
    # As seen from /user/ann/voila/render/06_drawing_pad.ipynb.
    assert found[0] == "../../course/01_explore_the_data.html"
    assert found[1] == "02_inside_a_cnn.ipynb"
    assert found[4] == "../../course/05_from_drawing_to_digit.html"


def test_in_jupyterlab_they_are_the_notebooks(monkeypatch: pytest.MonkeyPatch) -> None:
    found = links(monkeypatch)
    assert found == [f"{name}.ipynb" for name in course.QUESTIONS]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            "https://hub.example/user/ann/voila/render/notebooks/06_drawing_pad.ipynb?x=1",
            "/user/ann/lab/tree/notebooks/03_build_and_train.ipynb",
        ),
        (
            "http://127.0.0.1:8888/voila/render/06_drawing_pad.ipynb",
            "/lab/tree/03_build_and_train.ipynb",
        ),
        ("", "03_build_and_train.ipynb"),
    ],
)
def test_where_voila_is_a_guest_they_open_in_jupyterlab(
    monkeypatch: pytest.MonkeyPatch, asked: str, expected: str
) -> None:
    found = links(monkeypatch, VOILA_BASE_URL="/", VOILA_REQUEST_URL=asked)
    assert found[2] == expected
    assert found[1] == "02_inside_a_cnn.ipynb"
