"""The figures carried beside these tests against the collection they were taken from, where that is at hand."""

from __future__ import annotations

import pytest

from .truth import FOLDERS, SHARED, cases, collected


@pytest.mark.parametrize("folder", FOLDERS)
def test_carried_figures_equal_the_collected_ones(folder: str) -> None:
    """Nothing is missing in the repository's copy, and no figure differs."""
    if not SHARED.is_dir():
        pytest.skip("the collection is not beside this checkout")
    ours, theirs = cases(folder), collected(folder)
    assert list(ours) == list(theirs)
    assert ours == theirs
