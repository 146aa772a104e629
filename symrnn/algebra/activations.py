"""THE table of elementwise functions: a row each, with f, f' through its output, range, bounds and kinks.

Reads a name (`lookup`), returns a row (`Activation`). A row's `formula` and `slope` are one line each, and
that line serves SymPy expressions, mpmath numbers, NumPy arrays, exact rationals, and any operand that has a
method `apply_elementwise(name)`. Promises: a slope uses the output y alone wherever it can (`uses_input` says
where it cannot); constants stay exact until they meet an array; `lookup(row.name) == row`.
"""

from __future__ import annotations

import difflib
import importlib
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, replace
from fractions import Fraction
from functools import partial
from types import MappingProxyType
from typing import Any, Literal

import mpmath
import sympy
from sympy import Expr, FiniteSet, Interval, Rational, S, oo

__all__ = [
    "ACTIVATIONS",
    "GENERIC_NAMES",
    "Activation",
    "call",
    "clip",
    "derivative",
    "exact_value",
    "generic",
    "lookup",
    "mpmath_value",
    "number",
    "select",
    "sympy_value",
]

# --- Operands: one call, five kinds ------------------------------------------------------------------------

Kind = Literal["node", "sympy", "array", "mpmath", "exact"]


def _kind(v: Any) -> Kind:
    """Which kind of operand v is; decided by what v can do, so that nothing heavy is imported to ask."""
    if hasattr(v, "apply_elementwise"):
        return "node"
    if isinstance(v, sympy.Basic):
        return "sympy"
    if hasattr(v, "__array_ufunc__") or isinstance(v, float):
        return "array"
    if hasattr(v, "_mpf_"):
        return "mpmath"
    if isinstance(v, int | Fraction):
        return "exact"
    raise TypeError(
        f"an elementwise function was given {type(v).__name__!r}. It takes a SymPy expression, an mpmath "
        "number, a NumPy array, a float, an int or Fraction, or an object that has apply_elementwise(name)."
    )


def call(name: str, v: Any) -> Any:
    """f(v), for the row `name` and any kind of operand v.

    An exact rational stays exact: a Fraction where f(v) is rational, else a SymPy number.

    >>> call("step", Fraction(-1, 2)), call("exp", Fraction(0)), call("exp", Fraction(1))
    (Fraction(0, 1), Fraction(1, 1), E)
    """
    kind = _kind(v)
    if kind == "node":
        return v.apply_elementwise(name)
    if kind == "array":
        return lookup(name).array_function()(v)
    value = (_FORMS[kind].get(name) or lookup(name).formula)(v)
    if kind == "exact":
        return _exact(value)
    return v.context.convert(value) if kind == "mpmath" else value


def number(c: Expr, like: Any) -> Any:
    """The exact constant c, as a number that may stand beside the operand `like`.

    >>> number(Rational(1, 5), like=0.5), number(Rational(1, 5), like=sympy.Symbol("a"))
    (0.2, 1/5)
    """
    match _kind(like):
        case "array":
            return float(c)
        case "mpmath":
            return like.context.convert(sympy.N(c, like.context.dps + 5))
        case "exact":
            return _exact(c)
    return c


def select(v: Any, above: Any, below: Any) -> Any:
    """`above` where v > 0, `below` elsewhere.

    >>> x = sympy.Symbol("x")
    >>> select(x, x, x / 5)
    Piecewise((x, x > 0), (x/5, True))
    """
    match _kind(v):
        case "node":
            inside = step(v) if above == 1 else above * step(v)
            return inside + below * (1 - step(v))
        case "sympy":
            return sympy.Piecewise((above, v > 0), (below, True))
        case "array":
            import numpy as np

            return np.where(v > 0, above, below).astype(np.result_type(v, 1.0), copy=False)[()]
    return above if v > 0 else below


def clip(v: Any, low: int, high: int) -> Any:
    """v between low and high, low below and high above.

    >>> clip(Fraction(7, 2), 0, 1), clip(sympy.Symbol("x"), 0, 1)
    (1, Min(1, Max(0, x)))
    """
    match _kind(v):
        case "node":
            return low + relu(v - low) - relu(v - high)
        case "sympy":
            return sympy.Min(sympy.Max(v, low), high)
        case "array":
            import numpy as np

            return np.clip(v, low, high)
    return min(max(v, low), high)


def _exact(value: Any) -> Any:
    """A Fraction where the value is a rational number, else the value."""
    if isinstance(value, int | Fraction):
        return Fraction(value)
    return Fraction(int(value.p), int(value.q)) if value.is_Rational else value


_SYMPY: dict[str, Callable[[Any], Any]] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tanh": sympy.tanh,
    "erf": sympy.erf,
    "normal_cdf": lambda v: (1 + sympy.erf(v / sympy.sqrt(2))) / 2,
    "normal_pdf": lambda v: sympy.exp(-(v**2) / 2) / sympy.sqrt(2 * sympy.pi),
    "abs": sympy.Abs,
    "sign": sympy.sign,
    "step": lambda v: sympy.Heaviside(v, 0),  # pyright: ignore[reportArgumentType]  # any number may stand there
    "relu": lambda v: sympy.Max(0, v),
}
_ORDERED: dict[str, Callable[[Any], Any]] = {
    "abs": abs,
    "sign": lambda v: int(v > 0) - int(v < 0),
    "step": lambda v: int(v > 0),
    "relu": lambda v: max(v, 0),
}
_MPMATH = {name: name for name in ("exp", "sqrt", "sin", "cos", "tanh", "erf", "expm1", "log1p")}
_MPMATH |= {"log": "ln"}
_NORMAL = {"normal_cdf": "ncdf", "normal_pdf": "npdf"}


def _of_mpmath(method: str) -> Callable[[Any], Any]:
    return lambda v: getattr(v.context, method)(v)


def _with_spare_bits(method: str) -> Callable[[Any], Any]:
    """Φ or φ in mpmath, where exp(-x²/2) magnifies the rounding of its argument x² times."""

    def form(v: Any) -> Any:
        spare = min(2 * max(0, v.context.mag(v)), 10_000) if v.context.isfinite(v) else 0
        with v.context.extraprec(10 + spare):
            return getattr(v.context, method)(v)

    return form


def _of_rationals(form: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda v: form(sympy.sympify(v, strict=True))


_FORMS: dict[Kind, dict[str, Callable[[Any], Any]]] = {
    "sympy": _SYMPY,
    "mpmath": {
        **{name: _of_mpmath(method) for name, method in _MPMATH.items()},
        **{name: _with_spare_bits(method) for name, method in _NORMAL.items()},
        **_ORDERED,
    },
    "exact": {name: _of_rationals(form) for name, form in _SYMPY.items()} | _ORDERED,
}

exp, log, sqrt, sin, cos, tanh, erf = (
    partial(call, name) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "erf")
)
magnitude, sign, step, relu = (partial(call, name) for name in ("abs", "sign", "step", "relu"))
sigmoid, Phi, phi = (partial(call, name) for name in ("sigmoid", "normal_cdf", "normal_pdf"))


def _exp_minus_1(v: Any) -> Any:
    """exp(v) - 1; an mpmath number near 0 keeps its digits."""
    return call("expm1", v) if _kind(v) == "mpmath" else exp(v) - 1


def _log_1_plus(v: Any) -> Any:
    """log(1 + v); an mpmath number near 0 keeps its digits."""
    return call("log1p", v) if _kind(v) == "mpmath" else log(1 + v)


# --- A row -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False, repr=False)
class Activation:
    """y = f(x), entry by entry: everything the library knows about f.

    Rows are equal when their names are; a pickled row travels by its name.

    >>> row = lookup("tanh")
    >>> x, y = sympy.symbols("x y")
    >>> row.formula(x), row.slope(x, y), row.range, row.bound
    (tanh(x), 1 - y**2, Interval.open(-1, 1), 1)
    """

    name: str
    unicode: str
    latex: str
    spellings: tuple[str, ...] = ()
    """What a user may type beside the name and the two printed forms; case, `_`, `-` and blanks are free."""
    _: KW_ONLY

    formula: Callable[[Any], Any]
    """f(x)."""
    slope: Callable[[Any, Any], Any]
    """f'(x) with y = f(x). A plain int where f' is constant; x may be None unless `uses_input`."""
    uses_input: bool = False

    domain: sympy.Set = S.Reals
    range: sympy.Set
    bound: Expr
    """sup |f'| over the domain, kinks left out."""
    infimum: Expr = S.Zero
    """inf |f'| over the domain, kinks left out."""
    kinks: tuple[Expr, ...] = ()
    """The x where f' does not exist."""
    at_kink: str = ""
    """The value that `slope` takes there, as a sentence."""

    numeric: str = ""
    """The dotted name of the array function f(x, out=None)."""
    source: str = ""

    parameters: tuple[tuple[str, Expr], ...] = ()
    family: Callable[..., Activation] | None = None
    """Makes the row for other parameters."""
    generic: bool = False
    """True for an f of which nothing is known but its name."""
    derivative_order: int = 0
    """k for the row of the k-th derivative; only generic functions have such rows."""

    def with_parameter(self, **values: Any) -> Activation:
        """The same function with other parameters; a float means the decimal it prints.

        >>> lookup("leaky_relu").with_parameter(alpha=0.2).infimum
        1/5
        """
        if not values:
            return self
        base = ACTIVATIONS.get(self.name.partition("(")[0], self)
        if base.family is None or not values.keys() <= dict(base.parameters).keys():
            has = ", ".join(dict(base.parameters)) or "no parameters"
            raise ValueError(f"{base.name} was given {', '.join(sorted(values))}; it has {has}.")
        row = base.family(**{**dict(self.parameters), **values})
        if row.parameters == base.parameters:
            return base
        shown = ", ".join(f"{key}={value}" for key, value in row.parameters)
        return replace(row, name=f"{base.name}({shown})")

    def array_function(self) -> Callable[..., Any]:
        """f on NumPy arrays, as a function `f(x, out=None)`; imported at the first call.

        >>> lookup("softsign").array_function()([1.0, -3.0]).tolist()
        [0.5, -0.75]
        """
        if not self.numeric:
            raise ValueError(_no_numbers(self.name))
        module, _, attribute = self.numeric.rpartition(".")
        function = getattr(importlib.import_module(module), attribute)
        values = {key: float(value) for key, value in self.parameters}
        return partial(function, **values) if values else function

    def __repr__(self) -> str:
        return f"lookup({self.name!r})"

    def __eq__(self, other: object) -> bool:
        return self.name == other.name if isinstance(other, Activation) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.name)

    def __reduce__(self) -> tuple[Any, ...]:
        return lookup, (self.name,)


def _no_numbers(name: str) -> str:
    return f"{name} stands for any function and has no numbers; choose one by name: {', '.join(ACTIVATIONS)}."


# --- Rows with a parameter ---------------------------------------------------------------------------------


def _positive(name: str, value: Any) -> Rational:
    """The parameter as an exact number; refused unless it is a positive rational of a printable length."""
    if isinstance(value, float) and math.isfinite(value):
        value = Fraction(repr(float(value)))
    exact: Any = sympy.sympify(value, strict=True)
    if not (exact.is_Rational and exact > 0 and len(str(exact)) <= 80):
        raise ValueError(f"{name} = {str(value)[:80]} was given; write a positive number such as 0.2 or 1/5.")
    return exact


def _kink_at_zero(symbol: str, alpha: Rational) -> dict[str, Any]:
    """The kink of a function with slope 1 right of zero and alpha left of it and at it."""
    return {} if alpha == 1 else {"kinks": (S.Zero,), "at_kink": f"{symbol}'(0) = {alpha}"}


def _leaky_relu(alpha: Any) -> Activation:
    alpha = _positive("alpha", alpha)
    return Activation(
        "leaky_relu", "LeakyReLU", r"\operatorname{LeakyReLU}", ("lrelu",),
        formula=lambda x: select(x, x, number(alpha, x) * x),
        slope=lambda x, y: select(y, 1, number(alpha, y)),
        range=S.Reals, bound=sympy.Max(1, alpha), infimum=sympy.Min(1, alpha),
        **_kink_at_zero("LeakyReLU", alpha),
        numeric="symrnn.numeric.elementwise.leaky_relu", source="Maas, Hannun & Ng 2013",
        parameters=(("alpha", alpha),), family=_leaky_relu,
    )  # fmt: skip


def _elu(alpha: Any) -> Activation:
    alpha = _positive("alpha", alpha)
    return Activation(
        "elu", "ELU", r"\operatorname{ELU}",
        formula=lambda x: select(x, x, number(alpha, x) * _exp_minus_1(x)),
        slope=lambda x, y: select(y, 1, number(alpha, y) + y),
        range=Interval.open(-alpha, oo), bound=sympy.Max(1, alpha),
        **_kink_at_zero("ELU", alpha),
        numeric="symrnn.numeric.elementwise.elu", source="Clevert, Unterthiner & Hochreiter 2016",
        parameters=(("alpha", alpha),), family=_elu,
    )  # fmt: skip


def _hard_sigmoid(names: tuple[Any, ...], source: str, alpha: Any, beta: Any) -> Activation:
    alpha, beta = _positive("alpha", alpha), _positive("beta", beta)
    kinks = (-beta / alpha, (1 - beta) / alpha)
    return Activation(
        *names,
        formula=lambda x: clip(number(alpha, x) * x + number(beta, x), 0, 1),
        slope=lambda x, y: number(alpha, y) * step(y) * step(1 - y),
        range=Interval(0, 1), bound=alpha,
        kinks=kinks, at_kink=f"HardSigmoid'({kinks[0]}) = HardSigmoid'({kinks[1]}) = 0",
        numeric="symrnn.numeric.elementwise.hard_sigmoid", source=source,
        parameters=(("alpha", alpha), ("beta", beta)), family=partial(_hard_sigmoid, names, source),
    )  # fmt: skip


# --- The table ---------------------------------------------------------------------------------------------

# GELU' = Φ(x) + x φ(x) has its maximum where GELU'' = (2 - x²) φ(x) = 0, at x = √2; GELU'(-x) = 1 - GELU'(x).
_GELU_BOUND = (1 + sympy.erf(1)) / 2 + sympy.exp(-1) / sympy.sqrt(sympy.pi)
# GELU's minimum has no closed form: x Φ(x) at the root x = -0.75179… of Φ(x) + x φ(x) = 0.
_GELU_MINIMUM = sympy.Float("-0.1699712074799036616938684709824339228329", 40)
# SiLU' = 0 is eˣ = -(1 + x), solved by x = -1 - W(1/e), where SiLU(x) = -W(1/e).
_SILU_MINIMUM = -sympy.LambertW(sympy.exp(-1))
# SiLU'' = 0 at x = 2u with u tanh(u) = 1, u = 1.19967864…; there SiLU' = (1 + u)/2. No closed form for u.
_SILU_BOUND = sympy.Float("1.099839320128866916958184924320570972131", 40)

_ROWS = (
    Activation(
        "identity", "id", r"\operatorname{id}", ("linear",),
        formula=lambda x: x, slope=lambda x, y: 1,
        range=S.Reals, bound=S.One, infimum=S.One,
        numeric="numpy.positive", source="the linear unit",
    ),
    Activation(
        "tanh", "tanh", r"\tanh",
        formula=tanh, slope=lambda x, y: 1 - y**2,
        range=Interval.open(-1, 1), bound=S.One,
        numeric="numpy.tanh", source="LeCun, Bottou, Orr & Müller 1998",
    ),
    Activation(
        "sigmoid", "σ", r"\sigma", ("sigma", "logistic"),
        formula=lambda x: (1 + exp(-x)) ** -1, slope=lambda x, y: y * (1 - y),
        range=Interval.open(0, 1), bound=Rational(1, 4),
        numeric="scipy.special.expit", source="Rumelhart, Hinton & Williams 1986",
    ),
    Activation(
        "relu", "ReLU", r"\operatorname{ReLU}",
        formula=relu, slope=lambda x, y: step(y),
        range=Interval(0, oo), bound=S.One, kinks=(S.Zero,), at_kink="ReLU'(0) = 0",
        numeric="symrnn.numeric.elementwise.relu", source="Nair & Hinton 2010",
    ),
    _leaky_relu(Rational(1, 100)),
    _elu(S.One),
    Activation(
        "softplus", "softplus", r"\operatorname{softplus}",
        formula=lambda x: _log_1_plus(exp(x)), slope=lambda x, y: 1 - exp(-y),
        range=Interval.open(0, oo), bound=S.One,
        numeric="symrnn.numeric.elementwise.softplus",
        source="Dugas, Bengio, Bélisle, Nadeau & Garcia 2001",
    ),
    Activation(
        "softsign", "softsign", r"\operatorname{softsign}",
        formula=lambda x: x * (1 + magnitude(x)) ** -1, slope=lambda x, y: (1 - magnitude(y)) ** 2,
        range=Interval.open(-1, 1), bound=S.One,
        numeric="symrnn.numeric.elementwise.softsign", source="Glorot & Bengio 2010",
    ),
    _hard_sigmoid(
        ("hard_sigmoid", "HardSigmoid", r"\operatorname{HardSigmoid}", ("hard_sigmoid_keras3",)),
        "PyTorch, Keras 3 and JAX; Howard et al. 2019 (MobileNetV3)",
        alpha=Rational(1, 6), beta=Rational(1, 2),
    ),
    _hard_sigmoid(
        ("hard_sigmoid_onnx", "HardSigmoid_ONNX", r"\operatorname{HardSigmoid}_{\mathrm{ONNX}}",
         ("hard_sigmoid_keras2",)),
        "ONNX HardSigmoid's defaults; Keras 2",
        alpha=Rational(1, 5), beta=Rational(1, 2),
    ),
    Activation(
        "hard_tanh", "HardTanh", r"\operatorname{HardTanh}",
        formula=lambda x: clip(x, -1, 1), slope=lambda x, y: step(1 - magnitude(y)),
        range=Interval(-1, 1), bound=S.One,
        kinks=(S.NegativeOne, S.One), at_kink="HardTanh'(-1) = HardTanh'(1) = 0",
        numeric="symrnn.numeric.elementwise.hard_tanh", source="Collobert 2004",
    ),
    Activation(
        "gelu", "GELU", r"\operatorname{GELU}",
        formula=lambda x: x * Phi(x), slope=lambda x, y: Phi(x) + x * phi(x), uses_input=True,
        range=Interval(_GELU_MINIMUM, oo), bound=_GELU_BOUND,
        numeric="symrnn.numeric.elementwise.gelu", source="Hendrycks & Gimpel 2016, the exact form",
    ),
    Activation(
        "silu", "SiLU", r"\operatorname{SiLU}", ("swish",),
        formula=lambda x: x * sigmoid(x), slope=lambda x, y: y + sigmoid(x) * (1 - y), uses_input=True,
        range=Interval(_SILU_MINIMUM, oo), bound=_SILU_BOUND,
        numeric="symrnn.numeric.elementwise.silu",
        source="Elfwing, Uchibe & Doya 2018; Ramachandran, Zoph & Le 2017 (Swish)",
    ),
    # What the slopes above are written in, with slopes of their own for second derivatives.
    Activation(
        "exp", "exp", r"\exp",
        formula=exp, slope=lambda x, y: y,
        range=Interval.open(0, oo), bound=oo,
        numeric="numpy.exp", source="DLMF 4.7",
    ),
    Activation(
        "log", "ln", r"\ln", (r"\log",),
        formula=log, slope=lambda x, y: x**-1, uses_input=True,
        domain=Interval.open(0, oo), range=S.Reals, bound=oo,
        numeric="numpy.log", source="DLMF 4.7",
    ),
    Activation(
        "sqrt", "√", r"\sqrt",
        formula=sqrt, slope=lambda x, y: (2 * y) ** -1,
        domain=Interval(0, oo), range=Interval(0, oo), bound=oo,
        kinks=(S.Zero,), at_kink="√'(0) is infinite, and the slope divides by zero",
        numeric="numpy.sqrt", source="DLMF 4.7",
    ),
    Activation(
        "sin", "sin", r"\sin",
        formula=sin, slope=lambda x, y: cos(x), uses_input=True,
        range=Interval(-1, 1), bound=S.One,
        numeric="numpy.sin", source="DLMF 4.20",
    ),
    Activation(
        "cos", "cos", r"\cos",
        formula=cos, slope=lambda x, y: -sin(x), uses_input=True,
        range=Interval(-1, 1), bound=S.One,
        numeric="numpy.cos", source="DLMF 4.20",
    ),
    Activation(
        "erf", "erf", r"\operatorname{erf}",
        formula=erf, slope=lambda x, y: number(2 / sympy.sqrt(sympy.pi), x) * exp(-(x**2)), uses_input=True,
        range=Interval.open(-1, 1), bound=2 / sympy.sqrt(sympy.pi),
        numeric="scipy.special.erf", source="DLMF 7.10",
    ),
    Activation(
        "normal_cdf", "Φ", r"\Phi", ("gaussian_cdf",),
        formula=Phi, slope=lambda x, y: phi(x), uses_input=True,
        range=Interval.open(0, 1), bound=1 / sympy.sqrt(2 * sympy.pi),
        numeric="symrnn.numeric.elementwise.normal_cdf", source="the standard normal distribution function",
    ),
    Activation(
        "normal_pdf", "φ", r"\varphi", ("gaussian_pdf",),
        formula=phi, slope=lambda x, y: -x * y, uses_input=True,
        range=Interval.Lopen(0, 1 / sympy.sqrt(2 * sympy.pi)),
        bound=sympy.exp(Rational(-1, 2)) / sympy.sqrt(2 * sympy.pi),
        numeric="symrnn.numeric.elementwise.normal_pdf", source="the standard normal density",
    ),
    Activation(
        "abs", "abs", r"\operatorname{abs}",
        formula=magnitude, slope=lambda x, y: sign(x), uses_input=True,
        range=Interval(0, oo), bound=S.One, infimum=S.One, kinks=(S.Zero,), at_kink="abs'(0) = 0",
        numeric="numpy.absolute", source="|x|",
    ),
    Activation(
        "sign", "sgn", r"\operatorname{sgn}",
        formula=sign, slope=lambda x, y: 0,
        range=FiniteSet(-1, 0, 1), bound=S.Zero, kinks=(S.Zero,), at_kink="sgn'(0) = 0",
        numeric="numpy.sign", source="the sign, with sgn(0) = 0",
    ),
    Activation(
        "step", "step", r"\operatorname{step}", ("heaviside",),
        formula=step, slope=lambda x, y: 0,
        range=FiniteSet(0, 1), bound=S.Zero, kinks=(S.Zero,), at_kink="step'(0) = 0",
        numeric="symrnn.numeric.elementwise.step", source="Heaviside's function, with step(0) = 0",
    ),
)  # fmt: skip

ACTIVATIONS: Mapping[str, Activation] = MappingProxyType({row.name: row for row in _ROWS})
"""Every row by its name."""

# --- Generic functions: a name and nothing else ------------------------------------------------------------

GENERIC_NAMES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "f": ("f", "f"),
        "g": ("g", "g"),
        "F": ("F", "F"),
        "G": ("G", "G"),
        "phi": ("φ", r"\phi"),
        "psi": ("ψ", r"\psi"),
    }
)
"""The names that a function of one's own may have, with their two printed forms."""

_GENERIC_SPELLINGS = {form: name for name, forms in GENERIC_NAMES.items() for form in (name, *forms)}
_GENERIC_SPELLINGS[r"\varphi"] = "phi"


def generic(name: str, derivative_order: int = 0) -> Activation:
    """Some differentiable function of one variable, of which nothing is known but its name.

    >>> x, y = sympy.symbols("x y")
    >>> f = generic("f")
    >>> f.formula(x), f.slope(x, y), generic("phi").unicode
    (f(x), Derivative(f(x), x), 'φ')
    """
    if name not in GENERIC_NAMES:
        raise ValueError(f"{name!r} is not a generic function's name; there are {', '.join(GENERIC_NAMES)}.")
    unicode, latex = GENERIC_NAMES[name]
    order = derivative_order
    primes = "^{" + r"\prime" * order + "}" if order else ""
    return Activation(
        name + "'" * order, unicode + "′" * order, latex + primes,
        formula=lambda x: _opaque(name, order, x),
        slope=lambda x, y: _opaque(name, order + 1, x), uses_input=True,
        range=S.Reals, bound=oo, source="any differentiable function",
        generic=True, derivative_order=order,
    )  # fmt: skip


def _opaque(name: str, order: int, v: Any) -> Any:
    """The derivative of that order of a generic function, at v: a node, or SymPy's own unevaluated form."""
    match _kind(v):
        case "node":
            return v.apply_elementwise(name + "'" * order)
        case "sympy":
            inner = sympy.Dummy("xi")
            return sympy.Function(name)(inner).diff(inner, order).subs(inner, v)
    raise ValueError(_no_numbers(name + "'" * order))


def derivative(row: Activation) -> Activation:
    """From f to f', from f' to f'': the row of a generic function's derivative.

    >>> derivative(derivative(generic("phi"))).unicode
    'φ′′'
    """
    if not row.generic:
        raise ValueError(
            f"{row.name}' has no row of its own: it is written through the output, by lookup({row.name!r}).slope(x, y)."
        )
    return generic(row.name.rstrip("'"), row.derivative_order + 1)


# --- Finding a row -----------------------------------------------------------------------------------------

_LONGEST_SPELLING = 240
_WITH_PARAMETERS = re.compile(r"([^()]+)\(([^()]+)\)")
_PARAMETER = re.compile(r"\s*(\w+)\s*=\s*(\d+/[1-9]\d*|\d+(?:\.\d+)?)\s*", re.ASCII)
_WRAPPER = re.compile(r"\\(?:operatorname|mathrm|mathit|textrm|text)\*?\s*\{([^{}]*)\}")
_PRIMES = re.compile(r"\^\s*(?:\{((?:\\prime\s*|'\s*)+)\}|\\prime)")


def _clean(spelling: str) -> str:
    """One form for what looks the same: 𝜎 is σ, \\mathrm{tanh} is tanh, f^{\\prime} and f′ are f'."""
    text = unicodedata.normalize("NFKC", spelling).strip().replace(r"\_", "_").replace("′", "'")
    return _PRIMES.sub(lambda found: "'" * len(re.findall(r"prime|'", found[0])), _WRAPPER.sub(r"\1", text))


def _fold(text: str) -> str:
    """One form for hard_sigmoid, Hard-Sigmoid and HardSigmoid; \\Phi and \\phi stay two."""
    return re.sub(r"[\s_\-]", "", text).lower() if text.isascii() and "\\" not in text else text


# φ is left to a function of one's own, its use in texts on recurrent networks; the density is called by name.
_INDEX = {
    _fold(_clean(spelling)): row.name
    for row in _ROWS
    for spelling in (row.name, row.unicode, row.latex, *row.spellings)
    if spelling not in _GENERIC_SPELLINGS
}


def lookup(spelling: str, **parameters: Any) -> Activation:
    """The row a name stands for: `tanh`, `ReLU`, `σ`, `\\sigma`, `hard sigmoid`, or a generic `f`, `φ`, `f'`.

    >>> lookup("swish"), lookup("\\\\sigma").bound, lookup("leaky_relu", alpha=Rational(1, 5))
    (lookup('silu'), 1/4, lookup('leaky_relu(alpha=1/5)'))
    """
    if row := ACTIVATIONS.get(spelling):
        return row.with_parameter(**parameters)
    text = _clean(spelling) if len(spelling) <= _LONGEST_SPELLING else ""
    if found := _WITH_PARAMETERS.fullmatch(text):
        said = [_PARAMETER.fullmatch(part) for part in found[2].split(",")]
        values = {pair[1]: Fraction(pair[2]) for pair in said if pair}
        if len(values) == len(said):
            return lookup(found[1], **{**values, **parameters})
    stem = text.rstrip("'")
    if stem in _GENERIC_SPELLINGS:
        return generic(_GENERIC_SPELLINGS[stem], len(text) - len(stem)).with_parameter(**parameters)
    if name := _INDEX.get(_fold(text)):
        return ACTIVATIONS[name].with_parameter(**parameters)
    near = dict.fromkeys(_INDEX[key] for key in difflib.get_close_matches(_fold(text), _INDEX))
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    raise ValueError(
        f"{spelling[:60]!r} is not an activation known here. {hint}"
        f"Known: {', '.join(ACTIVATIONS)}; for a function of your own: {', '.join(GENERIC_NAMES)}."
    )


# --- Values ------------------------------------------------------------------------------------------------


def exact_value(row: Activation, q: Fraction) -> Fraction | None:
    """f(q) as a fraction where it is rational by construction, else None.

    >>> exact_value(lookup("softsign"), Fraction(-3)), exact_value(lookup("tanh"), Fraction(1, 2))
    (Fraction(-3, 4), None)
    """
    if row.generic:
        return None
    value = _exact(row.formula(Fraction(q)))
    return value if isinstance(value, Fraction) else None


def sympy_value(row: Activation, expr: Any) -> Expr:
    """f(expr) as a SymPy expression.

    >>> sympy_value(lookup("sigmoid"), sympy.Symbol("a"))
    1/(1 + exp(-a))
    """
    return row.formula(sympy.sympify(expr, strict=True))


def mpmath_value(row: Activation, x: Any) -> Any:
    """f(x) at mpmath's working precision, with all its digits for large and for small |x|.

    >>> with mpmath.workdps(20):
    ...     print(mpmath_value(lookup("softplus"), mpmath.mpf(-1000)))
    5.0759588975494567653e-435
    """
    return mpmath.mpf(row.formula(mpmath.mpf(x)))
