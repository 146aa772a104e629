"""Cells of CSV that spreadsheets open: text stays text, and no fraction becomes a date."""

from __future__ import annotations

import re

BOM = "\ufeff"
"""What tells spreadsheets that a file is UTF-8."""
_FORMULA = "=+-@\t\r\n＝＋－＠"
_NUMBER = re.compile(r"-?\d+(?:\.\d*)?|-?\.\d+")
_MONTH = r"(?:Jan|Feb|Mar|Mär|Mrz|Apr|May|Mai|Jun|Jul|Aug|Sep|Sept|Oct|Okt|Nov|Dec|Dez)[a-z]{0,6}\.?"
DATE = re.compile(
    rf"\d{{1,2}}\.?[-\s]?\s*{_MONTH}([-\s.]\d{{2,4}})?|{_MONTH}[-\s]\d{{1,4}}|(19|20)\d\d[-/]\d{{1,2}}[-/]\d{{1,2}}|"
    r"\d{1,2}[-/.]\d{1,2}[-/.](19|20)?\d\d|\d{1,2}\.\d{1,2}\.|\d{1,2}月\d{1,2}日",
    re.IGNORECASE,
)
"""What spreadsheets make of 1/2, and take for a date."""
_QUOTIENT = re.compile(r"\s*[-+]?\d{1,6}\s*[/-]\s*\d{1,6}(?:\s*[/-]\s*\d{1,6})?\s*")


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula or a date; a whole or decimal number stays one.

    >>> safe("=1+1"), safe(" @x"), safe("-0.125"), safe("Ada"), safe("1/2"), safe("-1/8"), safe("02.Jan")
    ("'=1+1", "' @x", '-0.125', 'Ada', "'1/2", "'-1/8", "'02.Jan")
    """
    is_formula = text[:1] and text.lstrip(" ")[:1] in tuple(_FORMULA) and not _NUMBER.fullmatch(text)
    return "'" + text if is_formula or _QUOTIENT.fullmatch(text) or DATE.fullmatch(text.strip()) else text
