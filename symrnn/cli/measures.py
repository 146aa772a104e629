"""`symrnn remedies`: what would help against a vanishing or exploding gradient, measured on the user's own model."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import click

from symrnn.cli.files import FORMAT, output_options, resolve, write, write_all
from symrnn.errors import InputError

DOMAIN = "remedies"


@click.command()
@click.argument("source", metavar="MODEL|WEIGHTS|CELL")
@click.option("--remedy", "names", multiple=True, help="Only this one; may be given several times.")
@click.option("--clip-norm", type=float, help="Also clip the parameters' gradient at this norm; at 1 if it explodes.")
@click.option("--clip-value", type=float, help="Also clip each entry of it at this value.")
@click.option("--prefix", default="", help="Which layer of a weights file, such as lstm.l0.")
@click.option("--plot", type=click.Path(), help="A figure: before and after, and the norm against the lag.")
@click.option("--lang", default="en", show_default=True, help="The language of the words: en or zh.")
@FORMAT
@output_options
def remedies(
    source: str,
    names: tuple[str, ...],
    clip_norm: float | None,
    clip_value: float | None,
    prefix: str,
    plot: str | None,
    lang: str,
    form: str,
    output: str | None,
    force: bool,
) -> None:
    """Measure what each remedy does to the gradient of a MODEL, before and after, along its own inputs.

    A named CELL is taken as it is born in PyTorch: 20 units, 10 inputs from N(0,1), 100 steps, seed 0.
    """
    from symrnn.languages import check_language
    from symrnn.models.model import Model
    from symrnn.regimes.remedies import born, measure_clipping, measure_remedies

    check_language(lang)
    model = resolve(source, None, prefix)
    if not isinstance(model, Model):
        if model.name not in ("rnn", "lstm", "gru"):
            raise InputError(
                source, found="a cell without numbers", write="a model file: symrnn new CELL -o model.toml"
            )
        model = born(model.name)
    outcomes = measure_remedies(model, names or None)
    if clip_norm is None and clip_value is None and outcomes and outcomes[0].before.rate > 1:
        clip_norm = 1.0  # what is done against explosion in the first place
    thresholds = {"norm": clip_norm, "value": clip_value}
    clipped = [measure_clipping(model, each, rule) for rule, each in thresholds.items() if each is not None]
    shown = _json(model, outcomes, clipped) if form == "json" else _text(model, outcomes, clipped, lang)
    write(shown, output, force, "remedies")
    if plot is not None:
        write_all([(_figure(model, outcomes, plot, lang), plot)], force, "figure")


def _word(key: str, language: str, *values: str) -> str:
    from symrnn.languages import translated
    from symrnn.regimes.remedies import TITLES, WORDS

    text = translated({**TITLES, **WORDS}[key], language, DOMAIN)
    return text.format(*values)


def _note(note: Any, language: str) -> str:
    from symrnn.languages import translated

    return translated(note.message, language, "regime").format(*note.values)


def _number(value: float | None) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.4g}"


def _text(model: Any, outcomes: Any, clipped: Any, language: str) -> str:
    lines = [
        _word("head", language, model.name, str(model.steps)),
        *(_note(note, language) for note in model.notes),
        "",
    ]
    if outcomes:
        before = outcomes[0].before
        key = "vanishes" if before.rate < 1 else "grows"
        lines += [_word(key, language, _number(before.rate), str(model.steps), _number(before.log10_norm)), ""]
        heads = [_word(each, language) for each in ("remedy", "before", "after", "half-life", "total")]
        rows = [
            [
                _word(each.name, language),
                f"{each.before.rate:.4f}",
                f"{each.after.rate:.4f} ± {_number(each.after.error)}",
                _number(each.after.half_life),
                "0" if each.after.log10_norm == -math.inf else f"10^{each.after.log10_norm:.1f}",
            ]
            for each in sorted(outcomes, key=lambda each: abs(math.log(each.after.rate)) if each.after.rate else 1e9)
        ]
        lines += [*_laid_out([heads, *rows]), ""]
    for each in clipped:
        figures = [each.threshold, each.before, each.after, each.cosine]
        said = _word("clipped", language, _word(each.rule, language), *map(_number, figures), f"{each.changed:.0%}")
        lines.append(said)
    return "\n".join(lines).rstrip() + "\n"


def _laid_out(rows: list[list[str]]) -> list[str]:
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell + " " * (w - _width(cell)) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    import unicodedata

    return sum(
        2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text if not unicodedata.combining(sign)
    )


def _json(model: Any, outcomes: Any, clipped: Any) -> str:
    def plain(value: Any) -> Any:
        return None if isinstance(value, float) and not math.isfinite(value) else value

    def fields(thing: Any) -> dict[str, Any]:
        return {key: plain(value) for key, value in vars(thing).items()}

    content = {
        "model": model.name,
        "notes": [str(note) for note in model.notes],
        "remedies": [
            {"name": each.name, "before": fields(each.before), "after": fields(each.after)} for each in outcomes
        ],
        "clipping": [fields(each) for each in clipped],
    }
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _figure(model: Any, outcomes: Any, plot: str, language: str) -> bytes:
    from symrnn.plots.panels import FORMATS, figure, saved
    from symrnn.plots.series import before_and_after, gradient_norms
    from symrnn.plots.words import plain
    from symrnn.regimes.remedies import norms_against_lag

    form = Path(plot).suffix.lstrip(".").lower()
    if form not in FORMATS:
        raise InputError(plot, found="no format of pictures", write="--plot FILE." + ", .".join(FORMATS))
    rows = {_word(each.name, language): (each.before.rate, each.after.rate) for each in outcomes}
    best = sorted(outcomes, key=lambda each: abs(math.log(max(each.after.rate, 1e-300))))[:3]
    curves = {plain(model.name): norms_against_lag(model)}
    curves |= {_word(each.name, language): norms_against_lag(model, each.name) for each in best}
    return saved(figure([before_and_after(rows, language), gradient_norms(curves, (), language)]), form, model.name)
