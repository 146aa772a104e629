"""Makes `symrnn/documents/fonts/symrnn-math.woff2`, the letters and signs our MathML uses, from Latin Modern Math.

    apt-get install fonts-lmodern && pip install fonttools brotli
    python tests/support/maths_font.py [latinmodern-math.otf]

The same font gives the same bytes. The subset has a name of its own, as the GUST Font License asks.
"""

from __future__ import annotations

import sys
from pathlib import Path

SOURCE = Path("/usr/share/texmf/fonts/opentype/public/lm-math/latinmodern-math.otf")
TARGET = Path(__file__).parents[2] / "symrnn" / "documents" / "fonts" / "symrnn-math.woff2"
NAME = "Symrnn Math"

RANGES = (
    (0x20, 0x7E),  # ASCII
    (0x391, 0x3C9),  # Greek
    (0x1D400, 0x1D467),  # bold, italic and bold italic Latin
    (0x1D6A8, 0x1D755),  # bold, italic and bold italic Greek
    (0x1D7CE, 0x1D7D7),  # bold digits
)
SIGNS = (
    "ℎ"  # U+210E, the italic h: outside the alphanumeric block
    "ℓ¬±·×÷¯´¨˙ˆ˜ˇ°′″‴†‖…⋮⋯⋱←→⇒⇔∀∂∃∅∇∈∉∏∑−∓∗∘∙√∞∧∨∩∪≈≠≡≤≥≪≫⊕⊖⊗⊙⊤⊥⋅⟨⟩ϕϵϱϑ"
    "\u0302\u0303\u0304\u0307\u2061\u2062\u2063\u00a0\u2009"
)


def make(source: Path, target: Path) -> None:
    """Write the subset: every glyph of the ranges and signs, with what the MATH table needs for them."""
    from fontTools import subset

    options = subset.Options(
        flavor="woff2", layout_features=["*"], notdef_outline=True, hinting=False, desubroutinize=False
    )
    font = subset.load_font(str(source), options)
    codes = {code for first, last in RANGES for code in range(first, last + 1)} | set(map(ord, SIGNS))
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=codes)
    subsetter.subset(font)
    for number in (1, 3, 4, 6, 16):
        font["name"].removeNames(nameID=number)
    for number, text in ((1, NAME), (3, f"{NAME} from Latin Modern Math"), (4, NAME), (6, NAME.replace(" ", ""))):
        font["name"].setName(text, number, 3, 1, 0x409)
    font.recalcTimestamp = False
    subset.save_font(font, str(target), options)


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCE, TARGET)
