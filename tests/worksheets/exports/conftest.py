"""The sheets that exports are tested with."""

from __future__ import annotations

import pytest
from exported_sheets import Exported
from worksheet_models import class_of

from symrnn.worksheets.exports.items import groups
from symrnn.worksheets.pages import Looks

TASKS = "forward,bptt,regime,error,spectrum,clipping,threshold,match"
CASES = [("linear", TASKS, "en"), ("tanh", TASKS, "zh"), ("lstm", "forward,bptt", "en")]


@pytest.fixture(scope="session", params=CASES, ids=lambda case: f"{case[0]}-{case[2]}")
def exported(request: pytest.FixtureRequest) -> Exported:
    """A sheet with every task that platforms take."""
    name, tasks, language = request.param
    looks = Looks(
        language=language, text='Mind the {{braces}}, {1:NUMERICAL:=7}, the <signs> & "quotes"; #1 ~ ]]> \\ end.'
    )
    sheet = class_of(name, tasks).sheet(1)
    return Exported(sheet, looks, groups(sheet, looks))
