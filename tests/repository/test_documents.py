"""What is written beside the code: it leads where it says, and speaks of this repository alone."""

import re

import pytest

from tests.repository.checkout import ROOT, tracked

PAGES = [
    page for form in ("*.md", "[!.]*/*.md", "[!.]*/*/*.md") for page in sorted(ROOT.glob(form))
]
TEXTS = {".cff", ".cfg", ".css", ".html", ".ipynb", ".j2", ".js", ".json", ".md", ".py", ".sh"} | {
    ".toml",
    ".txt",
    ".yml",
    "",
}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor and there.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", there.read_text(), re.M)
            slugs = {
                re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles
            }
            assert anchor in slugs, f"{page.name} links to {target}"


def test_the_readme_begins_with_what_to_do():
    top = "\n".join((ROOT / "README.md").read_text().splitlines()[:25])
    for wanted in ("make dashboard", "make test", "docs/dashboard.png", "conda", "Binder"):
        assert wanted in top, wanted


def test_whatever_can_go_wrong_has_a_test_that_is_there():
    written = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = written.partition("## What can go wrong\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!what can)(\w.*) \|$", section, re.M)
    assert len(rows) > 25
    for row in rows:
        cells = row.split(" | ")
        assert len(cells) == 4, row
        tests = re.findall(r"`([\w/]+\.py)::(test_\w+)`", cells[3])
        assert tests, row
        for path, name in tests:
            code = (ROOT / "tests" / path).read_text(encoding="utf-8")
            assert f"\ndef {name}(" in code, f"{path} has no {name}"


def test_the_repository_speaks_of_itself_alone():
    # Put together here, so that this file does not contain what it looks for.
    words = [
        "/ro" + "ot/",
        "/wo" + "rk/",
        "/ho" + "me/",
        "pypi" + ".org",
        "find-" + "links",
        "TO" + "DO",
        "FIX" + "ME",
    ]
    for path in tracked():
        if path.suffix in TEXTS and path.stat().st_size < 3_000_000:
            text = path.read_text(encoding="utf-8")
            # In the letters that stand for a picture, any short word comes up by chance.
            text = re.sub(r'"image/png": "[^"]*"', "", text)
            for word in words:
                assert word not in text, f"{path.relative_to(ROOT)} contains {word}"
