"""Activations as SymPy functions that stay as they are: `Tanh`, `Sigma` and one for every row of the table.

Reads rows of `activations` and SymPy expressions; returns SymPy expressions. Building one costs a few
microseconds, because nothing is evaluated and no assumption is asked of the argument; `diff`, `evalf`,
`lambdify` and printing work as of SymPy's own functions, and `expand_activations` turns them into those.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, ClassVar

import mpmath
import sympy as sp

from symrnn.algebra.activations import ACTIVATIONS, Activation, lookup, mpmath_value


class Elementwise(sp.Function):
    """f(x) for a row f of the table of activations, never evaluated by itself.

    Entries of a network are real numbers, which is said once here: asking every argument would walk the whole
    expression, again at every step.
    """

    row: ClassVar[Activation]
    is_commutative = True
    is_real = True
    # A closed one such as Tanh(2) too: SymPy evaluates what it takes for a number whenever it wants a sign.
    is_number = False

    def __new__(cls, argument: Any, **options: Any) -> Elementwise:
        return sp.Expr.__new__(cls, sp.sympify(argument, strict=True))

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """f'(x), through the function's own value where its row allows it: 1 − tanh²."""
        return sp.sympify(self.row.slope(self.args[0], self), strict=True)

    @sp.cacheit  # type: ignore[untyped-decorator]  # SymPy has no stubs
    def _eval_derivative(self, symbol: sp.Expr) -> sp.Expr:
        return self.fdiff() * self.args[0].diff(symbol)

    @property
    def free_symbols(self) -> set[sp.Basic]:
        """The symbols below, found once: shared steps would be walked again for every path to them."""
        if not hasattr(self, "_symbols"):
            self._symbols = frozenset(self.args[0].free_symbols)
        return set(self._symbols)

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        # Rounded up: SymPy asks a little more at each level, and the same precision is found again.
        return _evaluated(self, 64 * (prec // 64 + 1))

    def doit(self, **hints: Any) -> sp.Expr:
        """SymPy's own form: `Tanh(x)` as `tanh(x)`, `Sigma(x)` as `1/(1 + exp(-x))`."""
        argument = self.args[0].doit(**hints) if hints.get("deep", True) else self.args[0]
        return self.row.formula(argument)

    def _sympystr(self, printer: Any) -> str:
        return f"{self.row.unicode}({printer._print(self.args[0])})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        power = "" if exp is None else f"^{{{exp}}}"
        return rf"{self.row.latex}{power}{{\left({printer._print(self.args[0])} \right)}}"

    def _pretty(self, printer: Any) -> Any:
        return printer._helper_print_function(self.func, self.args, func_name=self.row.unicode)

    def _code(self, printer: Any, **_: Any) -> str:
        # For `lambdify` and the other code printers: the formula in functions they know.
        return f"({printer._print(_put_in(_template(self.row), self.args[0]))})"

    _pythoncode = _numpycode = _mpmathcode = _ccode = _juliacode = _code

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.row.name, self.args[0])


@lru_cache(maxsize=4096)
def _evaluated(function: Elementwise, prec: int) -> sp.Expr:
    argument = function.args[0].evalf(int(prec * 0.30103) + 1)
    if not argument.is_Float and not argument.is_Integer:
        return function.func(argument)
    with mpmath.workprec(prec + 10):
        return sp.Expr._from_mpmath(mpmath_value(function.row, argument._to_mpmath(prec + 10)), prec)


def _restored(name: str, argument: sp.Expr) -> sp.Expr:
    return function_of(lookup(name))(argument)


_TITLES = {"sigmoid": "Sigma"}


def function_of(row: Activation | str) -> type[Elementwise]:
    """The SymPy function of a row.

    >>> x = sp.Symbol("x")
    >>> function_of("sigmoid")(x), function_of("sigmoid")(x).diff(x)
    (σ(x), (1 - σ(x))*σ(x))
    """
    return _class_of(lookup(row) if isinstance(row, str) else row)


@lru_cache(maxsize=256)
def _class_of(row: Activation) -> type[Elementwise]:
    title = _TITLES.get(row.name) or "".join(part.capitalize() for part in _words(row.name))
    return type(title, (Elementwise,), {"row": row, "__module__": __name__})


def _words(name: str) -> Iterator[str]:
    kept = "".join(letter if letter.isalnum() else " " for letter in name)
    yield from kept.split()


Tanh = function_of(ACTIVATIONS["tanh"])
"""tanh, left as it is."""
Sigma = function_of(ACTIVATIONS["sigmoid"])
"""σ, left as it is."""
Tanh.__doc__, Sigma.__doc__ = "tanh, left as it is.", "σ, left as it is."


# --- Nodes built as they stand -----------------------------------------------------------------------------

MOST_NODES = 100_000
_NODES: dict[tuple[Any, ...], sp.Expr] = {}
"""Every shared node by kind and operands. Equal nodes have to be one object: SymPy compares two that are not
by walking both, again for each of the exponentially many paths through shared steps."""


def shared_node(kind: Any, *operands: Any) -> sp.Expr:
    """The node itself, operands in this order: SymPy's constructors would sort, gather and flatten them."""
    key = (kind, *operands)
    found = _NODES.get(key)
    if found is None:
        found = _NODES[key] = _built(kind, operands)
        # Asked now, while the operands' hashes are known: later it would recurse through every step.
        hash(found)
    return found


def _built(kind: Any, operands: tuple[Any, ...]) -> sp.Expr:
    if kind in (sp.Add, sp.Mul, sp.Pow):
        node = sp.Expr.__new__(kind, *operands)
        node.is_commutative = True
        return node
    if issubclass(kind, Elementwise):
        node = kind(*operands)
        # Asked now for the reason the hash is.
        assert node.free_symbols is not None
        return node
    plain = all(operand.is_Number for operand in operands)
    return kind(*operands) if plain else kind(*operands, evaluate=False)


def trim_shared_nodes() -> None:
    """Forget the shared nodes when there are very many: between two computations, never within one."""
    if len(_NODES) > MOST_NODES:
        _NODES.clear()


# --- Whole expressions -------------------------------------------------------------------------------------


def expand_activations(expression: Any) -> Any:
    """The same expression, or matrix, in SymPy's own functions. Nothing else changes; `doit()` flattens.

    >>> w, h = sp.symbols("w h")
    >>> expand_activations(Tanh(w * h) ** 2), expand_activations(Sigma(h)).subs(h, 0)
    (tanh(h*w)**2, 1/2)
    """
    if isinstance(expression, sp.MatrixBase):
        return expression.applyfunc(expand_activations)
    expanded: dict[Any, Any] = {}
    for node in bottom_up(expression):
        arguments = [expanded[part] for part in node.args]
        if isinstance(node, Elementwise):
            expanded[node] = _put_in(_template(node.row), arguments[0])
        else:
            expanded[node] = _with_arguments(node, arguments)
    return expanded[expression]


_X = sp.Dummy("x", real=True)


@lru_cache(maxsize=256)
def _template(row: Activation) -> sp.Expr:
    return row.formula(_X)


def _put_in(template: sp.Expr, argument: sp.Expr) -> sp.Expr:
    # The formula is evaluated once, at a real symbol: of the argument SymPy would ask its sign, whether it is
    # real and so on, and walk every step for each answer.
    rebuilt: dict[Any, Any] = {_X: argument}
    for node in bottom_up(template):
        if node is not _X:
            rebuilt[node] = _with_arguments(node, [rebuilt[part] for part in node.args])
    return rebuilt[template]


def _with_arguments(node: sp.Basic, arguments: list[Any]) -> Any:
    if all(new is old for new, old in zip(arguments, node.args, strict=True)):
        return node
    is_plain = isinstance(node, sp.Add | sp.Mul | sp.Pow | sp.Function) and not isinstance(node, sp.Piecewise)
    return shared_node(node.func, *arguments) if is_plain else node.func(*arguments)


def bottom_up(expression: sp.Basic) -> Iterator[sp.Basic]:
    """Every distinct subexpression once, operands first. Iterative: steps nest deeper than Python does."""
    done: set[sp.Basic] = set()
    stack = [(expression, False)]
    while stack:
        node, expanded = stack.pop()
        if node in done:
            continue
        if expanded:
            done.add(node)
            yield node
        else:
            stack.append((node, True))
            stack.extend((part, False) for part in node.args if part not in done)


def operations(*expressions: Any) -> int:
    """How many operations the expressions take together when everything shared is computed once.

    As SymPy's `count_ops` counts them: a subtraction is one, `1/x` is one.

    >>> x = sp.Symbol("x")
    >>> operations(1 - Tanh(x) ** 2, Tanh(x))
    3
    """
    entries = [entry for item in expressions for entry in (item.flat() if isinstance(item, sp.MatrixBase) else [item])]
    distinct = dict.fromkeys(node for entry in entries for node in bottom_up(sp.sympify(entry, strict=True)))
    return sum(_own_operations(node) for node in distinct)


def _own_operations(node: sp.Basic) -> int:
    if isinstance(node, sp.Add):
        return len(node.args) - 1
    if isinstance(node, sp.Mul):
        return len([part for part in node.args if part is not sp.S.NegativeOne]) - 1
    return 1 if isinstance(node, sp.Pow | sp.Function) else 0
