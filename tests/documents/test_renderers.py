"""Every format: golden files, the same bytes twice, text of a user that does nothing, LaTeX that compiles."""

import json
import re
import shutil
import subprocess

import pytest
from documents import HOSTILE, NAMED, SOURCES, document, hostile

from symrnn.cells.catalogue import KINDS
from symrnn.documents.document import MARK, RENDERERS, Claim
from symrnn.documents.references import REFERENCES, cited, to_bib
from symrnn.documents.renderers.latex import escape

SUFFIXES = {"text": "txt", "latex": "tex", "html": "html", "markdown": "md", "notebook": "ipynb", "typst": "typ"}
FONT = re.compile(r"base64,[A-Za-z0-9+/=]+")
each_source = pytest.mark.parametrize("name", SOURCES)


def printed(name: str, form: str, language: str = "en") -> str:
    """The document without the bytes of its font."""
    return FONT.sub("base64,", document(name, language).render(form))


class TestGolden:
    """The whole document, letter for letter; `--rewrite-golden` writes the files anew."""

    @pytest.mark.parametrize("form", SUFFIXES)
    @pytest.mark.parametrize("language", ["en", "zh"])
    @pytest.mark.parametrize("name", NAMED)
    def test_named_cells_in_every_format_and_language(self, name, language, form, golden):
        """RNN, LSTM, GRU."""
        infix = "" if language == "en" else f".{language}"
        golden(f"{name}{infix}.{SUFFIXES[form]}", printed(name, form, language))

    @pytest.mark.parametrize("form", ["text", "latex"])
    @pytest.mark.parametrize("name", sorted(set(SOURCES) - set(NAMED)))
    def test_others_as_text_and_latex(self, name, form, golden):
        """Models with numbers, typed cells."""
        golden(f"{name}.{SUFFIXES[form]}", printed(name, form))


@pytest.mark.parametrize("form", sorted(RENDERERS))
def test_the_same_document_gives_the_same_bytes(form):
    """Twice the same, in every format."""
    assert document("lstm").render(form) == document("lstm").render(form)


@pytest.mark.parametrize("form", sorted(set(RENDERERS) - {"mimebundle", "text"}))
def test_every_file_says_that_it_is_ours(form):
    """Near its beginning or its end, so that it may be written over."""
    made = document("rnn").render(form)
    made = made if isinstance(made, bytes) else made.encode()
    assert MARK.encode() in made[:400] + made[-400:]


def test_an_unknown_format_is_refused():
    """With the formats there are."""
    with pytest.raises(Exception, match="html"):
        document("rnn").render("word")


class TestLatex:
    """What a lecturer compiles."""

    def test_text_from_the_user_is_escaped(self):
        """A name with commands in it prints as it is written."""
        text = hostile().to_latex()
        assert "\\input" not in text and "\\write" not in text
        assert r"50\% \& \_" in text

    @each_source
    def test_braces_and_environments_balance(self, name):
        """What opens closes."""
        text = document(name).to_latex()
        plain = re.sub(r"\\[{}]", "", text)
        assert plain.count("{") == plain.count("}")
        begun = set(re.findall(r"\\begin{(\w+\*?)}", text))
        assert {"document", "align"} <= begun
        for begin in begun:
            assert text.count(f"\\begin{{{begin}}}") == text.count(f"\\end{{{begin}}}")

    @each_source
    def test_every_equation_has_a_label_and_every_reference_one(self, name):
        """Numbers of the claims, in order."""
        text = document(name).to_latex()
        labels = re.findall(r"\\label{([^}]*)}", text)
        assert len(labels) == len(set(labels)) == sum(1 for _ in document(name).claims())
        assert set(re.findall(r"\\ref{([^}]*)}", text)) <= set(labels)

    def test_a_fragment_is_the_body_alone(self):
        """For `\\input`: no preamble, no end, labels of its own."""
        text = document("gru").to_latex(fragment=True)
        assert "documentclass" not in text and "\\end{document}" not in text
        assert "\\label{eq:gru-1}" in text

    @pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which a bare machine has not")
    @each_source
    def test_compiles_without_a_warning(self, name, tmp_path):
        """No error, no overfull box, no warning; amsmath only."""
        text = document(name).to_latex()
        assert re.findall(r"\\usepackage(?:\[[^]]*\])?{([^}]*)}", text) == ["geometry", "amsmath"]
        compiles("pdflatex", text, tmp_path)

    @pytest.mark.skipif(shutil.which("xelatex") is None, reason="needs xelatex, which a bare machine has not")
    def test_chinese_compiles_with_xelatex(self, tmp_path):
        """With ctex."""
        text = document("lstm", "zh").to_latex()
        assert "ctex" in text and "\u6a21\u578b" in text
        try:
            compiles("xelatex", text, tmp_path)
        except AssertionError as error:
            if "ctex.sty' not found" in str(error):
                pytest.skip("needs texlive-lang-chinese")
            raise

    @pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which a bare machine has not")
    def test_a_hostile_name_compiles_to_itself(self, tmp_path):
        """Nothing of it is a command."""
        compiles("pdflatex", hostile().to_latex(), tmp_path)

    @pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex, which a bare machine has not")
    def test_two_fragments_stand_in_one_text(self, tmp_path):
        """`\\input` of two, no label twice."""
        body = "".join(document(name).to_latex(fragment=True) for name in ("rnn", "gru"))
        preamble = "\\documentclass{article}\\usepackage[margin=25mm,a4paper]{geometry}\\usepackage{amsmath}"
        text = f"{preamble}\\begin{{document}}{body}\\end{{document}}"
        assert "multiply" not in compiles("pdflatex", text, tmp_path)


def compiles(engine: str, text: str, folder) -> str:
    """The log of two runs; it holds no error, no warning, no overfull box."""
    (folder / "document.tex").write_text(text, encoding="utf-8")
    command = [engine, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=120)
    assert done.returncode == 0, done.stdout[-2000:]
    assert not re.findall(r"(?:Overfull|LaTeX Warning|Package \w+ Warning).*", done.stdout)
    return done.stdout


class TestMarkdown:
    """What GitHub does with it before it sees a formula."""

    @each_source
    def test_no_formula_holds_what_markdown_acts_on(self, name):
        """No backslash before punctuation, no asterisk, no underscore that opens emphasis, no tag."""
        for display, inline in re.findall(r"\$\$\n(.*?)\n\$\$|\$([^$\n]+)\$", document(name).to_markdown()):
            formula = display or inline
            assert not re.search(r"\\[^A-Za-z]", formula), formula
            assert not re.search(r"[*<>|`]", formula), formula
            assert not re.search(r"(?<=[^\w\s])_(?=\S)", formula), formula

    def test_text_from_the_user_is_escaped(self):
        """No tag, no link, no emphasis."""
        heading = hostile().to_markdown().splitlines()[2]
        assert not re.search(r"(?<!\\)[<`*$\[]", heading)

    def test_every_claim_is_a_display_with_its_number(self):
        """`\\tag{1}` to the last."""
        claims = sum(1 for _ in document("lstm").claims())
        assert re.findall(r"\\tag{(\d+)}", document("lstm").to_markdown()) == [str(n + 1) for n in range(claims)]


class TestReferences:
    """The papers."""

    def test_every_citation_of_a_cell_has_a_reference(self):
        """No key without a paper."""
        assert {variant.citation for row in KINDS.values() for variant in row.variants.values()} <= set(REFERENCES)

    def test_bibtex_has_an_entry_each_with_balanced_braces(self):
        """As BibTeX reads it."""
        text = to_bib(REFERENCES)
        assert re.findall(r"^@\w+{(\w+),$", text, re.MULTILINE) == list(REFERENCES)
        assert text.count("{") == text.count("}")

    def test_the_documents_name_theirs(self):
        """At the end."""
        for form in ("latex", "markdown", "html", "typst"):
            assert "Learning to Forget" in document("lstm").render(form)
        assert cited("nobody1999") == "nobody1999"


def test_json_carries_the_tally_and_how_each_line_was_checked():
    """Stable keys."""
    content = json.loads(document("linear").to_json())
    assert content["tally"]["unchecked"] == 0
    assert {equation["checked"] for equation in content["equations"]} <= {"exact", "points", "definition"}


def test_latex_escape_leaves_nothing_active():
    """Every sign LaTeX acts on."""
    plain = re.sub(
        r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar){}", "", escape(HOSTILE)
    )
    assert not re.search(r"(?<!\\)[%&_#$^~{}]", plain)


def test_blocks_of_claims_only_stand_in_aligned_groups():
    """A group of claims is one `align`."""
    first = next(section for section in document("lstm").sections if section.title == "model")
    claims = [block for block in first.blocks if isinstance(block, Claim)]
    display = document("lstm").to_latex().split("\\begin{align}")[1].split("\\end{align}")[0]
    assert display.count("\\label") == len(claims)
