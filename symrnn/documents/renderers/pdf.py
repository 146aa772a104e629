"""PDF: by typst where it is installed, else by an installed LaTeX in a folder of its own, without a shell.

The same document gives the same bytes: no clock, and for documents in Latin letters only typst's own fonts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from symrnn import __version__
from symrnn.documents.document import MARK, Document, Words
from symrnn.documents.renderers.latex import to_latex
from symrnn.documents.renderers.typst import to_typst
from symrnn.errors import InputError, LimitError

CHINESE_FONTS = (
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Noto Serif SC",
    "Songti SC",
    "SimSun",
    "FandolSong",
    "AR PL SungtiL GB",
    "AR PL UMing",
    "Noto Sans CJK SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
)
"""Fonts for Chinese, the best for print first."""
NO_FONT = "no font for Chinese is installed, so the document is made in English; install Noto Serif CJK SC, say"
SECONDS = 120
_WIDE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


def to_pdf(document: Document) -> bytes:
    """The document as PDF; a document in Chinese without a Chinese font warns, and is made in English."""
    try:
        pdf = _by_typst(document)
    except ModuleNotFoundError:
        pdf = _by_latex(document)
    return pdf + f"% {MARK} {__version__}\n".encode()


def _by_typst(document: Document) -> bytes:
    import typst

    source = to_typst(document)
    wide = bool(_WIDE.search(source))
    if wide:
        known = set(typst.Fonts().families())
        fonts = [font for font in CHINESE_FONTS if font in known][:1]
        if not fonts:
            warnings.warn(NO_FONT, stacklevel=4)
            document = in_latin(document)
        source = to_typst(document, tuple(fonts))
    moment = datetime.fromtimestamp(0, UTC)
    return bytes(typst.compile(source.encode("utf-8"), format="pdf", ignore_system_fonts=not wide, timestamp=moment))


def in_latin(document: Document) -> Document:
    """The document in English, without the sentences that hold Chinese of their own, so that no boxes are printed."""

    def stays(block: object) -> bool:
        return not (isinstance(block, Words) and _WIDE.search("".join(str(each) for each in block.about)))

    sections = tuple(replace(section, blocks=tuple(filter(stays, section.blocks))) for section in document.sections)
    return replace(
        document,
        language="en",
        title=_WIDE.sub("?", document.title),
        subject=_WIDE.sub("?", document.subject),
        above=tuple(filter(stays, document.above)),
        sections=sections,
    )


def _by_latex(document: Document) -> bytes:
    """By xelatex for Chinese, else pdflatex: no shell, no file outside its folder, a time limit, a fixed clock."""
    source = to_latex(document)
    engines = ("xelatex",) if _WIDE.search(source) else ("pdflatex", "xelatex")
    program = next((found for engine in engines if (found := shutil.which(engine))), None)
    if program is None:
        raise InputError(
            "pdf",
            found=f"neither typst nor {' nor '.join(engines)} is installed",
            write="pip install 'symrnn[pdf]', or another format (html, latex)",
        )
    with tempfile.TemporaryDirectory(prefix="symrnn-") as folder:
        (Path(folder) / "document.tex").write_text(source, encoding="utf-8")
        environment = os.environ | {
            "SOURCE_DATE_EPOCH": "0",
            "FORCE_SOURCE_DATE": "1",
            "openin_any": "p",
            "openout_any": "p",
        }
        command = [program, "-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error", "document.tex"]
        for _ in range(2):  # the second time for the references
            done = subprocess.run(
                command, cwd=folder, env=environment, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
            )
        path = Path(folder) / "document.pdf"
        if done.returncode or not path.is_file():
            raise LimitError(
                "pdf",
                found=f"{Path(program).name} could not set it: {done.stdout[-600:].decode(errors='replace')}",
                write="pip install 'symrnn[pdf]', or another format (html, latex)",
            )
        return path.read_bytes()
