"""Cells of CSV that spreadsheets open: text stays text, and no fraction becomes a date."""

from __future__ import annotations

import re

BOM = "\ufeff"
"""What tells spreadsheets that a file is UTF-8."""
_FORMULA = "=+-@\t\r\n＝＋－＠"
_NUMBER = re.compile(r"-?\d+(?:\.\d*)?|-?\.\d+")
_MONTH = (
    r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec|Mär|Mrz|Mai|Okt|Dez|Fév|Avr|Juin|Juil|Aoû|Déc|"
    r"Ene|Abr|Ago|Dic|Gen|Mag|Giu|Lug|Set|Ott|Fev|Out)[a-zéûôçà]{0,6}\.?"
)
_DAY = r"\d{1,2}(?:st|nd|rd|th|\.)?"
_TIME = r"(?:[T\s]+0?0:00(?::00(?:\.0+)?)?)?"
DATE = re.compile(
    rf"(?:{_DAY}(?:[-\s]|\sde\s)?\s*{_MONTH}(?:(?:[-\s.,]|\sde\s)\s*\d{{2,4}})?|{_MONTH}[-\s]\s*\d{{1,4}}(?:,?\s\d{{2,4}})?|"
    r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.](?:19|20)?\d\d|\d{1,2}\.\d{1,2}\.|"
    rf"(?:(?:19|20)?\d\d年)?\d{{1,2}}月(?:\d{{1,2}}日)?|(?:19|20)\d\d年\d{{1,2}}月){_TIME}",
    re.IGNORECASE,
)
"""What spreadsheets make of 1/2, and take for a date."""
_FIRST_DAY, _LAST_DAY = 36_526, 55_153
"""2000-01-01 and 2050-12-31, as spreadsheets count days."""
_QUOTIENT = re.compile(r"\s*[-+]?\d{1,6}\s*[/-]\s*\d{1,6}(?:\s*[/-]\s*\d{1,6})?\s*")


def is_day(text: str) -> bool:
    """Whether text is a number of days, as which spreadsheets keep a date: of 1/2 in 2026 they make 46024.

    >>> is_day("46024"), is_day("12"), is_day("46024.5")
    (True, False, False)
    """
    return re.fullmatch(r"\d{5}(?:\.0)?", text) is not None and _FIRST_DAY <= float(text) <= _LAST_DAY


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula or a date; a whole or decimal number stays one.

    >>> safe("=1+1"), safe(" @x"), safe("-0.125"), safe("Ada"), safe("1/2"), safe("-1/8"), safe("02.Jan")
    ("'=1+1", "' @x", '-0.125', 'Ada', "'1/2", "'-1/8", "'02.Jan")
    """
    is_formula = text[:1] and text.lstrip(" ")[:1] in tuple(_FORMULA) and not _NUMBER.fullmatch(text)
    return "'" + text if is_formula or _QUOTIENT.fullmatch(text) or DATE.fullmatch(text.strip()) else text
