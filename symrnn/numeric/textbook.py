"""NumPy source for any Program, as a textbook writes it: one line an equation, one step after the other.

Reads Programs; returns Python text. `generation` writes faster code for Programs of columns; this writes every node:
matrices that move, rows, diagonals, sums within sums. Arrays are (T, [B,] r, c), so `@` and `*` mean what they mean on
paper, for a batch too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import sympy as sp

from symrnn.algebra import nodes as N
from symrnn.algebra.activations import Activation
from symrnn.algebra.nodes import Adjoint, Immediate, Name, Node, Parameter, operands_of
from symrnn.algebra.programs import Equation, Program, Range, blocks_of, family, sizes_of
from symrnn.errors import NotYetError
from symrnn.numeric.source import Source, header, identifier_or_cell
from symrnn.numeric.storage import (
    Family,
    Span,
    Variables,
    directions_of_initials,
    given_key,
    is_parameter_adjoint,
    key_of,
    local,
    time_of,
)
from symrnn.numeric.whole import identifier, is_log_softmax

MATRICES = (
    "added",
    "as_columns",
    "as_given",
    "as_matrix",
    "as_series",
    "block_matrix",
    "commutation",
    "cross_entropy",
    "diagonal_matrix",
    "diagonal_of",
    "embedding",
    "inner",
    "joined",
    "kronecker",
    "log_softmax",
    "multiplied",
    "selector",
    "softmax",
    "squared_norm",
    "transposed",
    "vec",
    "watched",
)
"""What the text imports from `matrices`."""
RESERVED = ("T", "B", "sizes", "shapes", "given", "functions", "dtype", "room", "np", "range", "float", "slice")


class Textbook:
    """Writes the source of one function, `run`."""

    def __init__(self, forward: Program, second: Program | None, purpose: str) -> None:
        self.programs = [forward] if second is None else [forward, second]
        self.forward, self.second, self.purpose = forward, second, purpose
        self.variables = Variables(self.programs, sizes_of(self.forward), (*MATRICES, *RESERVED, purpose))
        self.names: dict[sp.Symbol, str] = {}
        self.functions: dict[str, str] = {}
        self.before, self.after = self._reach()
        for symbol in self.forward.steps.hi.free_symbols:
            self.names[symbol] = "T"

    @property
    def spans(self) -> Mapping[Family, Span]:
        """How far every array of steps reaches: all of them alike."""
        names = (name for program in self.programs for e in program for name in (e.target, *e.reads))
        return {key_of(n): Span(self.before, self.after) for n in names if self._is_timed(n)}

    @property
    def matrices(self) -> frozenset[str]:
        """Which results are no columns: they stay (T, [B,] r, c)."""
        targets = (equation.target for program in self.programs for equation in program)
        return frozenset(local(n) for n in targets if n.shape[1] != 1 and not is_parameter_adjoint(n))

    def _reach(self) -> tuple[int, int]:
        """How many steps before 1 and after T are read or written anywhere."""
        before, after = 1, 0
        for program in self.programs:
            index, last = program.steps.index, program.steps.hi
            for name in (name for e in program for name in (e.target, *e.reads)):
                time = time_of(name)
                for from_start, from_end in self._offsets(time, index, last) if time is not None else ():
                    before, after = max(before, -from_start), max(after, from_end)
        return before, after

    def _offsets(self, time: sp.Expr, index: sp.Symbol, last: sp.Expr) -> Iterable[tuple[int, int]]:
        for lag in (sp.expand(time - index), sp.expand(time - last)):
            if lag.is_Integer:
                yield int(lag), int(lag)
        if time.is_Integer:
            yield int(time) - 1, 0

    def _is_timed(self, name: Name) -> bool:
        """Whether a name has an array over the steps."""
        if isinstance(name, Immediate):
            return bool(name.has(self.forward.steps.index))
        return time_of(name) is not None

    # --- the whole ---

    def write(self) -> str:
        """The text of the function."""
        body = Source()
        written: set[Family] = set()
        for program in self.programs:
            for block in blocks_of(program):
                self._block(block, body)
                written |= {family(equation.target) for equation in block}
        self._tail(body)
        head = Source()
        self._head(head, written)
        text = "\n".join([*head.lines, "", *body.lines])
        return "\n".join(
            [header("matrices", [m for m in MATRICES if f"{m}(" in text]), "", "", *self._signature(), text, ""]
        )

    def _signature(self) -> list[str]:
        first = self.before - 1
        steps = (
            f"row t{f' + {first}' if first else ''} of an array holds step t: (T, B, r, c), without a batch (T, r, c)"
        )
        return [
            f"def {self.purpose}(T, B, sizes, shapes, given, functions, dtype, room):",
            f'    """{identifier_or_cell(self.forward.name)}: {steps}."""',
        ]

    def _block(self, block: Sequence[Equation], out: Source) -> None:
        time = block[0].time
        if time is None:
            for equation in block:
                self._assign(equation, out)
            return
        if any(len(equation.domain) != 1 for equation in block):
            raise NotYetError(str(block[0]), found="a recurrence over two indices", write="one index, t")
        out.add(f"for {self.index(time.index)} in watched({self._range(time)}):")
        out.depth += 1
        for equation in block:
            self._assign(equation, out)
        out.depth -= 1

    def _assign(self, equation: Equation, out: Source) -> None:
        target, text = equation.target, self.outer(equation.expression)
        if is_parameter_adjoint(target):
            assert isinstance(target, Adjoint)
            name = identifier(local(target.of))
            out.add(f"{self.variable(target)} = as_given({text}, shapes[{name!r}], B)")
        elif self._is_timed(target):
            out.add(f"{self.read(target)} = {text}")
        else:
            out.add(f"{self.variable(target)} = {text}")

    def _range(self, time: Range) -> str:
        lo, hi = self.number(time.lo), self.number(time.hi)
        if time.step > 0:
            return f"range({lo}, {self.number(time.hi + 1)})"
        return f"range({hi}, {self.number(time.lo - 1)}, -1)"

    def _head(self, out: Source, written: set[Family]) -> None:
        for symbol in sizes_of(self.forward):
            out.add(f"{identifier(symbol.name)} = sizes[{symbol.name!r}]")
        for row, variable in self.functions.items():
            out.add(f"{variable} = functions[{row!r}]")
        for parameter in self.programs[-1].parameters:
            out.add(f"{self.variable(parameter)} = as_matrix(given[{parameter.name!r}])")
        rows = f"T + {self.before + self.after}"
        done: set[Family] = set()
        for name in (n for program in self.programs for e in program for n in (e.target, *e.reads)):
            key = key_of(name)
            if key in done or isinstance(name, Parameter) or is_parameter_adjoint(name):
                continue
            done.add(key)
            if key in written:
                if self._is_timed(name):
                    shape = ", ".join(self.number(size) for size in name.shape)
                    lead = f"({rows}, *([B] if B else []), {shape})"
                    out.add(f"{self.variable(name)} = np.zeros({lead}, dtype)")
            elif self._is_timed(name):
                edges = f", {self.before}, {self.after}" if self.after else f", {self.before}"
                out.add(f"{self.variable(name)} = as_columns(given[{given_key(name)!r}], T, B{edges})")
            else:
                out.add(f"{self.variable(name)} = as_columns(given[{given_key(name)!r}], None, B)")
        for initial in (*self.forward.initials, *directions_of_initials(self.second)):
            out.add(f"{self.read(initial)} = as_columns(given[{given_key(initial)!r}], None, B)")

    def _tail(self, out: Source) -> None:
        entries: dict[str, str] = {}
        for target in (equation.target for program in self.programs for equation in program):
            text = self.variable(target)
            entries[local(target)] = text if is_parameter_adjoint(target) else f"as_series({text}, B)"
        out.add_list("return ", [f"{key!r}: {text}" for key, text in entries.items()], "", "{}")

    # --- names and numbers ---

    def variable(self, name: Name) -> str:
        """The variable of a name's array."""
        return self.variables.of.get(local(name), local(name))

    def index(self, symbol: sp.Symbol) -> str:
        """The variable that counts an index."""
        if symbol not in self.names:
            self.names[symbol] = self.variables.fresh(identifier(symbol.name))
        return self.names[symbol]

    def number(self, value: sp.Expr) -> str:
        """An expression of sizes, indices and T as Python text."""
        value = sp.expand(value)
        if value.is_Integer:
            return str(int(value))
        if value.is_number:
            return repr(float(value))
        sizes = {symbol.name for symbol in sizes_of(self.forward)}
        renamed = {
            s: sp.Symbol(identifier(s.name) if s.name in sizes and s not in self.names else self.index(s))
            for s in value.free_symbols
        }
        return str(sp.pycode(value.xreplace(renamed)))

    def read(self, name: Name) -> str:
        """A name at its step."""
        time = time_of(name)
        if time is None or not self._is_timed(name):
            return self.variable(name)
        return f"{self.variable(name)}[{self.number(time + self.before - 1)}]"

    def function(self, row: Activation) -> str:
        """The variable of an activation's array function."""
        if row.name not in self.functions:
            hint = identifier("".join(c if c.isalnum() else "_" for c in row.name))
            self.functions[row.name] = self.variables.fresh(hint)
        return self.functions[row.name]

    # --- expressions ---

    def outer(self, node: Node) -> str:
        """An expression that stands by itself: without brackets around it."""
        text = self.text(node)
        return text[1:-1] if text.startswith("(") and _closes_last(text) else text

    def text(self, node: Node) -> str:
        """An expression as Python text, an array (…, r, c)."""
        if isinstance(node, Name):
            return self.read(node)
        rule = _RULES.get(type(node))
        if rule is None:
            raise NotYetError(str(node), found="no array code for it", write="symrnn evaluate --digits 15")
        return rule(self, node)

    def factors(self, node: Node) -> list[str]:
        """The operands' texts; numbers beside arrays are plain numbers."""
        parts = operands_of(node)
        plain = not all(isinstance(part, N.Number) for part in parts)
        return [
            self.number(part.value)
            if plain and isinstance(part, N.Number) and not part.value.is_negative
            else self.text(part)
            for part in parts
        ]

    def size(self, node: Node) -> str:
        """`n, 1`."""
        return ", ".join(self.number(size) for size in node.shape)


def _closes_last(text: str) -> bool:
    """Whether the bracket that opens a text closes at its end."""
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0:
            return place == len(text) - 1
    return False


def _add(w: Textbook, node: Node) -> str:
    text = ""
    plain = not all(isinstance(part, N.Number | N.Constant) for part in operands_of(node))
    for part in operands_of(node):
        if plain and isinstance(part, N.Ones):
            text += " + 1.0" if text else "1.0"
            continue
        negative = isinstance(part, N.Scale) and part.operands[0] == N.Number(-1)
        body = w.text(operands_of(part)[1] if negative else part)
        sign = (" - " if negative else " + ") if text else ("-" if negative else "")
        text += sign + body
    return f"({text})"


def _joined(sign: str) -> Callable[[Textbook, Node], str]:
    return lambda w, node: f"({f' {sign} '.join(w.factors(node))})"


def _product(w: Textbook, node: Node) -> str:
    parts = [w.text(part) for part in operands_of(node)]
    if node.shape[1] != 1:
        return f"({' @ '.join(parts)})"
    # A column at the right end: matrix times vector all the way.
    text = parts[-1]
    for part in reversed(parts[:-1]):
        text = f"({part} @ {text})"
    return text


def _scale(w: Textbook, node: Node) -> str:
    scalar, body = operands_of(node)
    return f"(-{w.text(body)})" if scalar == N.Number(-1) else f"({' * '.join(w.factors(node))})"


def _power(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Power)
    base = w.text(node.operands[0])
    if node.exponent == 2:
        return f"np.square({base})"
    return f"(1.0 / {base})" if node.exponent == -1 else f"({base} ** {w.number(node.exponent)})"


def _transposed(w: Textbook, node: Node) -> str:
    body = operands_of(node)[0]
    return f"{w.text(body)}.T" if isinstance(body, Parameter) else f"transposed({w.outer(body)})"


def _called(function: str) -> Callable[[Textbook, Node], str]:
    return lambda w, node: f"{function}({', '.join(w.outer(part) for part in operands_of(node))})"


def _sized(function: str) -> Callable[[Textbook, Node], str]:
    return lambda w, node: f"{function}({', '.join(w.number(size) for size in node.args)})"


def _filled(function: str) -> Callable[[Textbook, Node], str]:
    return lambda w, node: f"np.{function}(({w.size(node)}), dtype)"


def _apply(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Apply)
    if is_log_softmax(node):
        return f"log_softmax({w.outer(operands_of(node.operands[0])[0])})"
    return f"{w.function(node.activation)}({w.outer(node.operands[0])})"


def _block_matrix(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.BlockMatrix)
    rows = (f"[{', '.join(w.outer(block) for block in row)}]" for row in node.grid)
    return f"block_matrix({', '.join(rows)})"


def _sum(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Sum)
    index, lo, hi = node.range
    variable = w.index(index)
    steps = f"range({w.number(lo)}, {w.number(hi + 1)})"
    return f"added({w.size(node)}, ({w.outer(node.operands[0])} for {variable} in {steps}))"


def _ordered_product(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Product)
    index, first, last = node.range
    variable = w.index(index)
    steps = f"range({w.number(first)}, {w.number(last + node.step)}{', -1' if node.step < 0 else ''})"
    return f"multiplied({w.number(node.shape[0])}, ({w.outer(node.operands[0])} for {variable} in {steps}))"


def _guarded(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Guarded)
    lo, index, hi = node.bounds
    parts = [*([] if lo == -sp.oo else [w.number(lo)]), w.number(index), *([] if hi == sp.oo else [w.number(hi)])]
    body = w.text(node.operands[0])
    return body if len(parts) == 1 else f"({body} if {' <= '.join(parts)} else np.zeros(({w.size(node)}), dtype))"


def _number(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Number)
    return f"np.full((1, 1), {w.number(node.value)}, dtype)"


def _opaque(w: Textbook, node: Node) -> str:
    assert isinstance(node, N.Opaque)
    return w.read(node.value)


_RULES: Mapping[type[Node], Callable[[Textbook, Node], str]] = MappingProxyType(
    {
        N.Number: _number,
        N.Ones: _filled("ones"),
        N.Zeros: _filled("zeros"),
        N.Eye: lambda w, node: f"np.eye({w.number(node.shape[0])}, dtype=dtype)",
        N.Selector: _sized("selector"),
        N.Embedding: _sized("embedding"),
        N.Commutation: _sized("commutation"),
        N.Add: _add,
        N.Hadamard: _joined("*"),
        N.MatMul: _product,
        N.Scale: _scale,
        N.Transpose: _transposed,
        N.Power: _power,
        N.Apply: _apply,
        N.Diag: _called("diagonal_matrix"),
        N.DiagonalOf: _called("diagonal_of"),
        N.Vec: _called("vec"),
        N.Kronecker: _called("kronecker"),
        N.Inner: _called("inner"),
        N.SquaredNorm: _called("squared_norm"),
        N.Concat: lambda w, node: f"joined(({', '.join(w.outer(part) for part in operands_of(node))}))",
        N.BlockMatrix: _block_matrix,
        N.Softmax: _called("softmax"),
        N.CrossEntropy: _called("cross_entropy"),
        N.Opaque: _opaque,
        N.Sum: _sum,
        N.Product: _ordered_product,
        N.MatPower: lambda w, node: (
            f"np.linalg.matrix_power({w.outer(operands_of(node)[0])}, {w.number(node.args[1])})"
        ),
        N.Guarded: _guarded,
    }
)
"""One row per node."""
