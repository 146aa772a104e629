"""HTML: well formed, self-contained, read by a browser without a complaint."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from documents import SOURCES, document, hostile

from symrnn.documents.renderers.html import to_html, to_part

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
each_source = pytest.mark.parametrize("name", SOURCES)
VOID = {"meta", "br", "wbr", "hr", "img", "link"}
CORE = set(
    [
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "mtext",
        "mspace",
        "msub",
        "msup",
        "msubsup",
        "munderover",
        "mover",
        "munder",
        "mfrac",
        "msqrt",
        "mtable",
        "mtr",
        "mtd",
    ]
)


class Reader(HTMLParser):
    """Checks nesting; keeps tags and attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        """Opens."""
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Opens and closes."""
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        """Closes what was opened last."""
        assert self.open.pop() == tag


def read(text: str) -> Reader:
    """The page, parsed."""
    reader = Reader()
    reader.feed(text)
    assert not reader.open
    return reader


@each_source
def test_tags_nest_and_all_mathematics_is_mathml_core(name):
    """What MathML Core has, and no more."""
    text = to_html(document(name))
    read(text)
    for found in re.findall(r"<math.*?</math>", text, re.DOTALL):
        tree = ET.fromstring(found)
        for element in tree.iter():
            assert element.tag in CORE, element.tag
            assert len(element) == {"msub": 2, "msup": 2, "mfrac": 2, "mover": 2}.get(element.tag, len(element))
            assert len(element) == {"msubsup": 3, "munderover": 3}.get(element.tag, len(element))
            assert not set(element.attrib) & {"mathvariant", "columnalign", "fence", "separator", "href"}


@each_source
def test_nothing_is_fetched_and_nothing_runs(name):
    """No script, no link, no address but data."""
    text = to_html(document(name))
    for tag, attributes in read(text).tags:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        assert not any(key.startswith("on") for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"url\((?!data:)", text)
    assert "default-src 'none'" in text


def test_text_from_the_user_is_text():
    """A name with a script in it is shown."""
    text = to_html(hostile())
    assert "<script" not in text and "&lt;script&gt;" in text
    read(text)


@each_source
def test_every_reference_has_its_equation(name):
    """`#eq3` is there, once."""
    tags = read(to_html(document(name))).tags
    names = [attributes["id"] for _, attributes in tags if "id" in attributes]
    assert len(names) == len(set(names))
    assert {attributes["href"] for tag, attributes in tags if tag == "a"} <= {f"#{name}" for name in names}


def test_it_speaks_its_language_and_its_formulas():
    """`lang` on the page, plain text on every formula."""
    tags = read(to_html(document("lstm", "zh"))).tags
    assert next(attributes["lang"] for tag, attributes in tags if tag == "html") == "zh-Hans"
    assert all(attributes.get("alttext") for tag, attributes in tags if tag == "math")


def test_two_hundred_lines_stay_below_350_kb_beside_the_font():
    """Without the font's bytes."""
    once = document("lstm")
    made = replace(once, sections=once.sections * 3)
    assert sum(1 for _ in made.claims()) >= 200
    size = len(re.sub(r"base64,[A-Za-z0-9+/=]+", "", to_html(made)).encode())
    assert size <= 350_000


def test_a_part_brings_no_page_and_no_font():
    """For a notebook's output."""
    text = to_part(document("rnn"))
    assert text.startswith('<div class="symrnn"') and "base64" not in text and "<html" not in text
    read(text)


@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which a bare machine has not")
@pytest.mark.parametrize("name", ["lstm", "readout"])
def test_chromium_sets_it_without_a_message_or_a_request(name, tmp_path):
    """No console message, the font used, every formula with a size."""
    page = tmp_path / "page.html"
    # The test's own script, in a page of its own policy, reads what the browser made of ours.
    probe = (
        "<script>document.fonts.ready.then(() => { const bad = [...document.querySelectorAll('math')].filter("
        "m => m.getBoundingClientRect().width < 2).length; const wide = [...document.querySelectorAll('.claim')]"
        ".filter(c => c.scrollWidth > c.clientWidth + 1).length; document.title = JSON.stringify({ bad, wide, fonts: "
        "[...document.fonts].map(f => f.family + ' ' + f.status), requests: performance.getEntriesByType('resource')"
        ".filter(r => !r.name.startsWith('data:')).length }); });</script></body>"
    )
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", to_html(document(name)))
    page.write_text(text.replace("</body>", probe), encoding="utf-8")
    dumped = browse(page, tmp_path, "--dump-dom", "--virtual-time-budget=5000")
    told = re.search(r"<title>(.*?)</title>", dumped)[1].replace("&quot;", '"')
    assert (
        '"bad":0' in told
        and '"wide":0' in told
        and '"requests":0' in told
        and "Symrnn Math loaded" in told.replace('\\"', "")
    )
    original = tmp_path / "original.html"
    original.write_text(to_html(document(name)), encoding="utf-8")
    log = browse(
        original, tmp_path, "--enable-logging=stderr", "--v=0", f"--screenshot={tmp_path / 'page.png'}", both=True
    )
    assert "CONSOLE" not in log
    assert (tmp_path / "page.png").stat().st_size > 20_000


def browse(page, folder, *options: str, both: bool = False) -> str:
    """Chromium without a screen and without a network."""
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={folder / 'profile'}",
        *options,
        page.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=90)
    return done.stdout + (done.stderr if both else "")
