"""The notebooks of the course as pages to read."""

import json
import os
import re
from pathlib import Path

import pytest

from digitrec import resources
from digitrec.serving import reading as course
from digitrec.serving.pages import PAD, PAGES

READ = sorted(path.stem for path in resources.notebooks().glob("*.ipynb") if path.name not in PAGES)


def write(path: Path, *cells: dict[str, object]) -> Path:
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def words(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "metadata": {}, "source": text}


def code(text: str, *outputs: dict[str, object], tags: tuple[str, ...] = ()) -> dict[str, object]:
    shown = [
        {"output_type": "execute_result", "execution_count": 1, "metadata": {}, **each}
        for each in outputs
    ]
    return {
        "cell_type": "code", "execution_count": 1, "metadata": {"tags": list(tags)},
        "outputs": shown, "source": text,
    }  # fmt: skip


def test_every_notebook_is_read_or_lives_elsewhere() -> None:
    found = course.lessons(resources.notebooks())
    assert [name for name, where in found.items() if where == f"{name}.html"] == READ
    assert found["02_inside_a_cnn"] == "../voila/render/02_inside_a_cnn.ipynb"
    assert PAD.removesuffix(".ipynb") not in found


@pytest.mark.parametrize("name", READ)
def test_a_page_has_its_pictures_and_asks_nobody_for_anything(name: str) -> None:
    lesson = course.read(resources.notebooks() / f"{name}.ipynb")
    assert lesson.question.endswith("?")
    images = re.findall(r"<img[^>]*>", lesson.body)
    assert len(images) >= 9
    for image in images:
        assert re.search(r'src="data:image/png;base64,[A-Za-z0-9+/=]{100,}"', image)
        assert re.search(r'alt="[^"]{8,}"', image)
    assert "<script" not in lesson.body
    assert not re.search(r'(?:src|data|action)="(?!data:)', lesson.body)
    assert "widget-view" not in lesson.body
    assert "Not yet." not in lesson.body
    links = set(re.findall(r'href="([^"#]+)', lesson.body))
    ours = {link for link in links if not link.startswith("https://")}
    assert ours <= {*course.lessons(resources.notebooks()).values(), f"../voila/render/{PAD}"}
    assert f"../voila/render/{PAD}" in ours


def test_links_lead_to_the_pages_and_keep_their_places(tmp_path: Path) -> None:
    path = write(
        tmp_path / "01_first.ipynb",
        words(
            "# Why?\n\n[a](03_third.ipynb#2-there) [b](02_inside_a_cnn.ipynb) "
            "[c](06_drawing_pad.ipynb) [d](https://example.org/04_x.ipynb)"
        ),
    )
    write(tmp_path / "03_third.ipynb", words("# What?"))
    write(tmp_path / "02_inside_a_cnn.ipynb", words("# How?"))
    lesson = course.read(path)
    assert lesson.question == "Why?"
    assert re.findall(r'<a href="([^"]+)"', lesson.body) == [
        "03_third.html#2-there",
        "../voila/render/02_inside_a_cnn.ipynb",
        "../voila/render/06_drawing_pad.ipynb",
        "https://example.org/04_x.ipynb",
    ]


def test_of_a_widget_the_stored_picture_is_shown_with_its_words(tmp_path: Path) -> None:
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "image/png": "iVBORw0K\nGgo=",
        "text/plain": "Viewer()",
    }
    about = {"image/png": {"alt": 'A "7" & more', "width": 300}}
    path = write(
        tmp_path / "01_first.ipynb",
        code("viewer", {"data": data, "metadata": about}),
        code("check(...)", {"data": {"text/plain": "Not yet."}}, tags=("exercise",)),
    )
    body = course.read(path).body
    assert "data:image/png;base64,iVBORw0KGgo=" in body
    assert 'width="300"' in body
    assert "Viewer()" not in body
    assert re.search(r"alt=('A \"7\" &amp; more'|\"A &quot;7&quot; &amp; more\")", body)
    assert "Not yet." not in body
    assert "check" in body


def test_a_notebook_is_turned_once_and_anew_when_it_has_changed(tmp_path: Path) -> None:
    path = write(tmp_path / "01_first.ipynb", words("# Before"))
    first = course.read(path)
    assert course.read(path) is first
    write(path, words("# After"))
    path_time = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(path_time, path_time))
    assert course.read(path).question == "After"
    assert course.question(write(tmp_path / "04_none.ipynb", words("no heading"))) == "04_none"
