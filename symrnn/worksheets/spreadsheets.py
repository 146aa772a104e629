"""Cells of CSV that spreadsheets open: text stays text."""

from __future__ import annotations

_FORMULA = "=+-@\t\r\n＝＋－＠"


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a number stays one.

    >>> safe("=1+1"), safe(" @x"), safe("-1/8"), safe("Ada")
    ("'=1+1", "' @x", '-1/8', 'Ada')
    """
    is_number = text.replace("-", "").replace(".", "").replace("/", "").isdigit()
    return "'" + text if text[:1] and text.lstrip(" ")[:1] in tuple(_FORMULA) and not is_number else text
