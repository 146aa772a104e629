"""PDF: by typst and by LaTeX, the same bytes, the text in it, a clear word where nothing can make it."""

import re
import shutil
import subprocess
import sys
import warnings

import pytest
from documents import SOURCES, document, hostile

from symrnn.documents.renderers import pdf
from symrnn.documents.renderers.typst import to_typst
from symrnn.errors import InputError

typst = pytest.importorskip("typst", reason="needs symrnn[pdf]")


def text_of(made: bytes, folder) -> str:
    """What can be read in it."""
    (folder / "made.pdf").write_bytes(made)
    done = subprocess.run(
        ["pdftotext", "-layout", folder / "made.pdf", "-"], capture_output=True, text=True, timeout=60
    )
    return done.stdout


@pytest.mark.parametrize("name", SOURCES)
def test_every_document_compiles_without_a_warning(name):
    """typst has nothing to say."""
    source = to_typst(document(name)).encode()
    _, told = typst.compile_with_warnings(source, format="pdf", ignore_system_fonts=True)
    assert [str(each) for each in told] == []


def test_a_hostile_name_is_text():
    """Nothing of it is a command."""
    assert document("rnn").to_pdf().startswith(b"%PDF")
    assert hostile().to_pdf().startswith(b"%PDF")
    assert '#eval("1")' not in to_typst(hostile())


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")
def test_the_words_are_in_it(tmp_path):
    """Headings, reasons, numbers."""
    text = text_of(document("linear").to_pdf(), tmp_path)
    for words in ("The model", "Back-propagation through time", "chain rule through", "Finding Structure in Time"):
        assert words in text


def test_chinese_without_a_font_warns_and_is_made_in_english(monkeypatch, tmp_path):
    """Never boxes."""
    monkeypatch.setattr(pdf, "CHINESE_FONTS", ())
    with pytest.warns(UserWarning, match="no font for Chinese"):
        assert document("rnn", "zh").to_pdf().startswith(b"%PDF")
    source = to_typst(pdf.in_latin(document("rnn", "zh")))
    assert "The model" in source and not re.search("[\u2e80-\u9fff]", source)


def test_chinese_with_a_font_is_chinese(tmp_path):
    """Where one is installed."""
    if not set(pdf.CHINESE_FONTS) & set(typst.Fonts().families()):
        pytest.skip("no Chinese font is installed")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = document("rnn", "zh").to_pdf()
    assert made != document("rnn").to_pdf()
    if shutil.which("pdftotext"):
        assert "模型" in text_of(made, tmp_path)


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which a bare machine has not")
def test_without_typst_latex_makes_it_twice_the_same(monkeypatch):
    """The fall-back, with a fixed clock."""
    monkeypatch.setitem(sys.modules, "typst", None)
    first, second = document("rnn").to_pdf(), document("rnn").to_pdf()
    assert first.startswith(b"%PDF") and first == second


def test_without_typst_and_latex_it_is_said_what_to_install(monkeypatch):
    """In three parts."""
    monkeypatch.setitem(sys.modules, "typst", None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(InputError, match=r"symrnn\[pdf\]"):
        document("rnn").to_pdf()
