"""The one bounded reader of mathematics: signs, tokens, formulas, and what a typed cell means."""
