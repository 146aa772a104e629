"""Model files to start from: commented, complete, and right as they stand."""

from __future__ import annotations

from symrnn.algebra.nodes import Parameter
from symrnn.algebra.programs import Program
from symrnn.errors import InputError
from symrnn.models.model import Model
from symrnn.models.sources import resolve


def model_text(cell: str, variant: str | None = None, hidden: int = 2, inputs: int = 2, steps: int = 3) -> str:
    """A commented model file for a cell, with small numbers where a user's own belong.

    >>> from symrnn.models.files import loads
    >>> loads(model_text("lstm", hidden=2)).sizes["n"]
    2
    """
    program = _cell(cell, variant)
    n, m = hidden, inputs
    lines = [
        "# A model file for symrnn. Decimals are exact; a value may also be a fraction or logarithm in quotes",
        '# ("1/3", "ln(2)"), a symbol ("w"), or drawn: {init = "pytorch", seed = 1}, {normal = [0, 1], seed = 2}.',
        f"# Convention: {program.convention}",
        "",
        "[cell]",
        *_cell_lines(cell, variant),
        "",
        "[sequence]",
        f"steps = {steps}                      # steps run 1..{steps}",
        *_input_lines(program, m, n, steps),
        *(f"{name.name}{name.time} = {_numbers(_shape(name, n, m), 0)}" for name in program.initials),
        "",
        "[parameters]",
        *(f"{name.name} = {_numbers(_shape(name, n, m), k)}" for k, name in enumerate(program.parameters, start=1)),
        "",
        "[loss]                         # leave the table out to give no loss",
        'kind = "half_squared_error"    # squared_error, mean_squared_error, softmax_cross_entropy, cotangents',
        'at = "last"                    # or "every_step"',
        f"y = {_numbers(_shape(program.outputs[0], n, m), 0)}",
        "",
    ]
    return "\n".join(lines)


def working_text(cell: str, variant: str | None = None, hidden: int = 2, inputs: int = 2, steps: int = 3) -> str:
    """A Markdown skeleton for a hand calculation: the model as front matter, headings to write under.

    >>> working_text("rnn").splitlines()[0]
    '+++'
    """
    model = model_text(cell, variant, hidden, inputs, steps)
    program = _cell(cell, variant)
    steps_text = "\n\n".join(f"### Step {step}\n" for step in range(1, steps + 1))
    backward = "\n\n".join(f"### Step {step}\n" for step in range(steps, 0, -1))
    return (
        f"+++\n{model}+++\n\n# A hand calculation: {program.name}\n\n## Forward\n\n{steps_text}\n\n## Loss\n\n\n"
        f"## Backward\n\n{backward}\n\n## Gradients of the parameters\n\n"
    )


def _cell(cell: str, variant: str | None) -> Program:
    program = resolve(cell, variant)
    if isinstance(program, Model):
        raise InputError(
            cell, found="a model that has its numbers already", write="a cell: rnn, lstm, gru, or equations"
        )
    return program


def _cell_lines(cell: str, variant: str | None) -> list[str]:
    if "=" in cell:
        # In single quotes TOML leaves backslashes alone.
        return ["equations = '''", *cell.strip().splitlines(), "'''"]
    return [f'kind = "{cell}"', *([f'variant = "{variant}"'] if variant else [])]


def _input_lines(program: Program, m: int, n: int, steps: int) -> list[str]:
    lines = []
    for name in program.inputs:
        rows = _shape(name, n, m)
        entries = [_numbers(rows, step) for step in range(1, steps + 1)]
        lines.append(f"{name.name} = [{', '.join(entries)}]  # one entry for each step")
    return lines


def _shape(name: object, n: int, m: int) -> tuple[int, ...]:
    """The numeric shape of a name when every state has n rows and every input m."""
    from symrnn.algebra.nodes import Signal
    from symrnn.algebra.nodes import n as state_size

    assert isinstance(name, Parameter | Signal)
    numbers = {symbol: n if symbol == state_size else m for size in name.shape for symbol in size.free_symbols}
    sizes = [int(size.xreplace(numbers)) for size in name.shape]
    return () if sizes == [1, 1] and name.shape == (1, 1) else tuple(sizes[:1]) if name.shape[1] == 1 else tuple(sizes)


def _numbers(shape: tuple[int, ...], seed: int) -> str:
    """Small plain numbers, different for different seeds; 0 for seed 0."""
    if not shape:
        return _entry(seed, 0, 0)
    if len(shape) == 1:
        return "[" + ", ".join(_entry(seed, row, 0) for row in range(shape[0])) + "]"
    return "[" + ", ".join(_numbers_row(seed, row, shape[1]) for row in range(shape[0])) + "]"


def _numbers_row(seed: int, row: int, columns: int) -> str:
    return "[" + ", ".join(_entry(seed, row, column) for column in range(columns)) + "]"


def _entry(seed: int, row: int, column: int) -> str:
    if seed == 0:
        return "0.0"
    tenths = (3 * seed + 5 * row + 7 * column) % 11 - 5
    return f"{tenths / 10:.1f}" if tenths else "0.2"
