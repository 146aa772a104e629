"""Cells of CSV that spreadsheets open: text stays text, and no fraction becomes a date."""

from __future__ import annotations

import re

BOM = "\ufeff"
"""What tells spreadsheets that a file is UTF-8."""
_FORMULA = "=+-@\t\r\n＝＋－＠"
_NUMBER = re.compile(r"-?\d+(?:\.\d*)?|-?\.\d+")
_DATE = re.compile(r"\s*[-+]?\d{1,6}\s*[/-]\s*\d{1,6}(?:\s*[/-]\s*\d{1,6})?\s*")


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula or a date; a whole or decimal number stays one.

    >>> safe("=1+1"), safe(" @x"), safe("-0.125"), safe("Ada"), safe("1/2"), safe("-1/8")
    ("'=1+1", "' @x", '-0.125', 'Ada', "'1/2", "'-1/8")
    """
    is_formula = text[:1] and text.lstrip(" ")[:1] in tuple(_FORMULA) and not _NUMBER.fullmatch(text)
    return "'" + text if is_formula or _DATE.fullmatch(text) else text
