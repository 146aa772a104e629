"""`check`: a hand calculation read and judged, with its model where there is one.

Reads a text or a file; returns a `Report`. The model is the one given, else the one the text's front matter declares,
else the one its own definitions say; without any, equalities are checked as arithmetic.
"""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from symrnn.algebra.programs import Program
from symrnn.checking.abbreviations import with_abbreviations
from symrnn.checking.choosing import choose, choose_by_company, choose_by_formulas, set_apart, set_summed_apart
from symrnn.checking.claims import Working
from symrnn.checking.clipping import rule_of
from symrnn.checking.deltas import with_deltas
from symrnn.checking.dialects import Dialect, dialect_of, own_dialect
from symrnn.checking.formulas import STEPS, Formulas
from symrnn.checking.judging import Judge
from symrnn.checking.layouts import Shown, shown_in
from symrnn.checking.ledger import Ledger
from symrnn.checking.open_losses import OpenFormulas
from symrnn.checking.page import Page
from symrnn.checking.problems import Problem, problems_in
from symrnn.checking.quantities import deepest_lag
from symrnn.checking.reading.workings import read_working
from symrnn.checking.recognition import AS_ROWS, UNSAID, recognise
from symrnn.checking.samples import with_samples
from symrnn.checking.softmaxes import softmaxes_in
from symrnn.checking.statements import Found, ending_of, last_step, statements_in, zero_before
from symrnn.checking.stepping import with_steps
from symrnn.checking.supposing import fixed_values
from symrnn.checking.truths import ModelTruths, is_heard, is_small, truths_of
from symrnn.checking.verdicts import Finding, Place, Reason, Report, Unread, Verdict
from symrnn.errors import InputError
from symrnn.models.losses import with_generic_loss, with_named_losses
from symrnn.models.model import Model
from symrnn.numeric.evaluation import placed_values

MOST_BYTES = 2_000_000
RECOGNISED = "recognised from the text's own definitions"
BLAMED = frozenset({Verdict.WRONG, Verdict.LUCKY, Verdict.FOLLOWS, Verdict.UNDEFINED})
BORNE = frozenset({Verdict.RIGHT, Verdict.ROUNDED})
OPEN = frozenset({Verdict.GIVEN, Verdict.UNDECIDED})
_LETTER = re.compile(r"\[([a-z])\]")
_NUMBERS = re.compile(r"\bscalars?\b|标量", re.IGNORECASE)
ASIDE = Reason("Programs (code cells, blocks of a programming language) are set aside: they are not judged.")


def check(source: str | bytes | os.PathLike[str], model: Any = None, *, name: str | None = None) -> Report:
    """Every equality of a working and what is true of it; the first wrong line, what follows from it, and why.

    Args:
        source: the text itself, or the path of a Markdown, LaTeX, notebook or text file.
        model: a `Model`, a cell, or the path of a model file; the text's own front matter needs none.
        name: what the report calls a text that is no file.

    >>> report = check("0.9 × 0.8 × 0.7 = 0.504\\n1.1 × 1.2 = 1.42")
    >>> [finding.verdict.value for finding in report.findings]
    ['right', 'wrong']
    """
    data, label = _text_of(source, name)
    working = with_abbreviations(with_deltas(with_samples(with_steps(read_working(data, label)))))
    if model is None and not working.front_matter and (problems := problems_in(working)):
        return _judged_apart(working, problems)
    found, said, notes = _model_of(model, working)
    return judged(working, found, said, notes)


def judged(working: Working, model: Model | Program | None, said: str = "", notes: tuple[Reason, ...] = ()) -> Report:
    """The report of a working that is read already."""
    unsaid, rows = (any(note.message == message for note in notes) for message in (UNSAID, AS_ROWS))
    page, truths = _page(model, working, unsaid, rows)
    page.softmaxes = softmaxes_in(working)
    settings = model.settings if isinstance(model, Model) else {}
    judge = Judge(page, settings={name: _page(one, working)[0] for name, one in settings.items()})
    return _report(working, judge.working(working), _mapping(page, truths), said, (*notes, *_notes(model, truths)))


def _report(
    working: Working,
    findings: list[Finding],
    mapping: tuple[tuple[str, str], ...],
    said: str,
    notes: tuple[Reason, ...],
) -> Report:
    unread = tuple(Unread(_place(one), one.text, one.reason) for one in working.unread)
    return Report(
        tuple(findings),
        unread,
        mapping,
        model=said,
        source=working.source,
        file=working.name,
        notes=(*notes, *((ASIDE,) if working.set_aside else ())),
    )


def _judged_apart(working: Working, problems: tuple[Problem, ...]) -> Report:
    """The report of a text of several problems, each with the cell it defines itself, or that of the problem before."""
    ledger = Ledger()
    page, known = Page(), Found()
    mapping, notes, said = dict[tuple[str, str], None](), dict[Reason, None](), ""
    for number, problem in enumerate(problems):
        own = statements_in(problem.working)
        if number == 0 or own.told or _gives_anew(own, known):
            found = recognise(problem.said)
            is_unsaid = found.reason is not None and found.reason.message == UNSAID
            page = _page(found.model, problem.working, is_unsaid, found.rows)[0]
            said = said or ("" if found.model is None else RECOGNISED)
            notes |= {} if found.reason is None else {found.reason: None}
            known = statements_in(problem.said)
            Judge(page, ledger).working(problem.working)
        else:
            _judge_on(page, ledger, problem.working)
        mapping |= dict.fromkeys(_mapping(page, page.truths if isinstance(page.truths, ModelTruths) else None))
    return _report(working, ledger.findings, tuple(mapping), said, tuple(notes))


def _gives_anew(own: Found, known: Found) -> bool:
    """Whether a problem gives other data than the one before."""
    return any(known.data.get(name, value) != value for name, value in own.data.items())


def _judge_on(page: Page, ledger: Ledger, working: Working) -> None:
    """A problem that defines no cell: about the one before, unless that makes more of it wrong than right."""
    blank = Ledger()
    Judge(Page(), blank).working(working)
    count, written = len(ledger.findings), (page.names, page.numbers, page.quantities)
    kept = [dict(one) for one in written]
    Judge(page, ledger).working(working)
    plain = {(one.place, one.text): one.verdict for one in blank.findings}
    pairs = [(one.verdict, plain.get((one.place, one.text))) for one in ledger.findings[count:]]
    blamed = sum(new in BLAMED and old not in BLAMED for new, old in pairs)
    borne = sum(new in BORNE and old in OPEN for new, old in pairs)
    if blamed <= borne:
        return
    del ledger.findings[count:]
    for one, before in zip(written, kept, strict=True):
        one.clear()
        one.update(before)
    Judge(Page(), ledger).working(working)


def _page(
    model: Model | Program | None, working: Working, assumed: bool = False, rows: bool = False
) -> tuple[Page, ModelTruths | None]:
    """An empty page that knows what the model knows."""
    if model is None or (isinstance(model, Model) and not is_small(model)):
        return Page(), None
    last = last_step(working)
    if rows:
        dialect = replace(own_dialect(model), rows=True)
    else:
        dialect = dialect_of(model, working, lambda one: _formulas(model, one, last))
    settled = dialect.rows or dialect.denominator
    shown = Shown() if settled else shown_in(working, _formulas(model, dialect, last))
    dialect = replace(dialect, denominator=dialect.denominator or shown.denominator)
    truths = truths_of(model, dialect) if isinstance(model, Model) else None
    page = Page() if truths is None else Page(truths, data=set(truths.data))
    page.formulas = _formulas(model, dialect, last)
    page.formulas.shown, page.formulas.ending = shown, ending_of(working)
    page.formulas.in_numbers = _NUMBERS.search(working.source) is not None
    if isinstance(page.formulas, OpenFormulas):
        page.formulas.assumed = assumed
    if not isinstance(model, Model):
        page.formulas.zero = zero_before(working)
    if isinstance(model, Model) and model.update is not None:
        page.update = rule_of(model.update)
    if truths is not None:
        choose(page, working, truths)
        choose_by_formulas(page, working)
        set_apart(page, working, truths)
        set_summed_apart(page, working)
    else:
        choose_by_company(page, working)
    return page, truths


def _formulas(model: Model | Program, dialect: Dialect, last: int) -> Formulas:
    """Who judges formulas in names: at drawn numbers, zeros and ones of the model kept."""
    program = with_named_losses(dialect.program)
    if isinstance(model, Model):
        fixed = fixed_values(dict(placed_values(model)))
        if is_heard(model):
            made = Formulas(program, model.steps, model.sizes, fixed)
        else:
            made = OpenFormulas(with_generic_loss(program), model.steps, model.sizes, fixed, bare=program)
    else:
        steps = last or STEPS + deepest_lag(program) - 1
        known = program.loss is not None
        made = Formulas(program, steps) if known else OpenFormulas(with_generic_loss(program), steps, bare=program)
        made.timed = False
    made.notation, made.rows, made.denominator = dialect.names, dialect.rows, dialect.denominator
    return made


def _place(one: Any) -> Place:
    return Place(one.place.line, one.place.column, max(1, one.place.length), one.text, one.place.file)


def _mapping(page: Page, truths: ModelTruths | None) -> tuple[tuple[str, str], ...]:
    """What the text's names were taken for."""
    if truths is None:
        return ()
    # The i of `W_i` was read as an index before the model said that it is a gate; so was the n of `W_n`.
    letters = truths.quantities.words
    pairs = (
        (_LETTER.sub(lambda at: f"_{at[1]}" if at[1] in letters else at[0], text), meaning)
        for text, meaning in page.mapping.items()
    )
    return tuple((text, meaning) for text, meaning in pairs if text != meaning)


def _notes(model: Model | Program | None, truths: ModelTruths | None) -> tuple[Reason, ...]:
    if isinstance(model, Model) and truths is None:
        return (Reason("The model is too large for a hand calculation: equalities are checked as arithmetic only."),)
    return ()


def _text_of(source: str | bytes | os.PathLike[str], name: str | None) -> tuple[str | bytes, str]:
    """The text, and what it is called. One line that names a file is a path; everything else is the text itself."""
    if isinstance(source, bytes):
        return source, name or "<text>"
    if isinstance(source, str) and not _is_file(source):
        if "=" not in source and "\n" not in source and Path(source).suffix in (".md", ".tex", ".txt", ".ipynb"):
            raise InputError(source, found="no such file", write="the path of a working, or the text itself")
        return source, name or "<text>"
    path = Path(source)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InputError(str(path), found="a file of more than 2 MB", write="a smaller one")
        return path.read_bytes(), name or str(path)
    except OSError as error:
        found = f"the file cannot be read: {error.strerror}"
        raise InputError(str(path), found=found, write="a readable file") from None


def _is_file(source: str) -> bool:
    try:
        return "\n" not in source and len(source) <= 1_000 and Path(source).is_file()
    except (OSError, ValueError):
        return False


def _model_of(model: Any, working: Working) -> tuple[Model | Program | None, str, tuple[Reason, ...]]:
    """The model, where it comes from, and what is to be said of it."""
    if isinstance(model, Model | Program):
        return model, getattr(model, "name", ""), ()
    if model is not None:
        from symrnn.models.sources import resolve

        return resolve(os.fspath(model)), os.fspath(model), ()
    if working.front_matter:
        from symrnn.models.files import loads

        return loads(working.front_matter, working.name), "front matter", ()
    found = recognise(working)
    said = "" if found.model is None else RECOGNISED
    return found.model, said, () if found.reason is None else (found.reason,)
