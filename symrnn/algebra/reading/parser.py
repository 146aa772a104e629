"""The walk from the tokens of one formula to its tree.

Reads tokens; returns `Syntax`. A bracket's inside is read flat and then grouped by `precedence`; recursion happens only
where brackets, scripts or fractions nest, which `Limits` bounds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import NoReturn

from symrnn.algebra.activations import GENERIC_NAMES
from symrnn.algebra.reading.handwriting import (
    check_neighbours,
    exponential,
    is_place,
    read_cases,
    read_dots,
    read_gradient,
    read_infinity,
    read_place,
)
from symrnn.algebra.reading.precedence import HAND_INFIX, INFIX, Item, S, grouped, made
from symrnn.algebra.reading.ranges import ranged
from symrnn.algebra.reading.scripts import Script, is_index, raised, with_scripts
from symrnn.algebra.reading.signs import CLOSER, FUNCTION_WORDS, GREEK_NAMES, HAND_FUNCTIONS
from symrnn.algebra.reading.source import Piece, Source, Token
from symrnn.algebra.reading.syntax import (
    Big,
    Call,
    Evaluated,
    Grid,
    Group,
    Norm,
    Num,
    Pair,
    Partial,
    Quotient,
    Raised,
    Stack,
    Symbol,
    Syntax,
    Terms,
    Times,
)

LOSSES = frozenset({"L", "ell", "E", "J", "loss"})
"""Names that stand for some loss when they are given arguments."""
_SIGN_WORDS = {"ᵀ": "T", "*": "star", "'": "prime", "+": "plus"}
_CALLABLE = frozenset({"sigma", "step", "Phi", "id", *GENERIC_NAMES}) | LOSSES


def parse_tokens(source: Source, tokens: Sequence[Token], near: Piece) -> Syntax:
    """The tree of the tokens of one formula; `near` is what an error points at if there are none."""
    if not tokens:
        source.fail(near, "no formula", "a formula such as W_h h_{t-1}")
    end = tokens[-1].end
    parser = Parser(source, [*tokens, Token("stop", "", end, end)])
    tree = parser.level()
    if parser.peek.kind != "stop":
        parser.fail(parser.peek, f"{_said(parser.peek)} where the formula should end", "one formula on a line")
    return tree


def _joined(tree: Syntax) -> Syntax:
    """Letters side by side as one word: what stands under a wide accent."""
    if not isinstance(tree, Times) or any(tree.operators) or any(part.depth > 1 for part in tree.factors):
        return tree
    letters = [part.base for part in tree.factors if isinstance(part, Symbol) and not part.accents]
    joined = Symbol("".join(letters), start=tree.start, end=tree.end)
    return joined if len(letters) == len(tree.factors) else tree


def _said(token: Token) -> str:
    return "the end of the line" if token.kind in ("end", "stop") else token.text


class Parser:
    """Walks the tokens once. `bars` are the bars and angles open in this bracket, innermost last."""

    def __init__(self, source: Source, tokens: list[Token]) -> None:
        self.source = source
        self.tokens = tokens
        self.at = 0
        self.nesting = 0
        self.bars: list[str] = []

    @property
    def peek(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def advance(self) -> Token:
        """The next token, taken."""
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, kind: str, *texts: str) -> bool:
        """Whether the next token is of that kind, and one of those."""
        token = self.tokens[self.at]
        return token.kind == kind and (not texts or token.text in texts)

    def fail(self, piece: Piece, found: str, write: str) -> NoReturn:
        """Raise the error that points at a piece."""
        self.source.fail(piece, found, write)

    def made(self, tree: S, start: int, end: int) -> S:
        """The tree at its place, if it is not too deep."""
        return made(self.source, tree, start, end)

    def level(self) -> Syntax:
        """Everything up to a closing bracket, a comma, a semicolon or the end."""
        self._deepen()
        items: list[Item] = []
        while not self._ends(items):
            infix = self.peek.kind == "op" and self.peek.text in (HAND_INFIX if self.source.working else INFIX)
            items.append(self.advance() if infix else self.operand())
        self.nesting -= 1
        if self.source.working:
            check_neighbours(self.source, items)
        if not items:
            self.fail(self.peek, f"{_said(self.peek)} where a formula should stand", "a name, a number or a bracket")
        return grouped(self.source, items)

    def nested(self, read: Callable[[], Syntax]) -> Syntax:
        """What `read` reads, one level deeper: every recursion of this parser passes here or through `level`."""
        self._deepen()
        tree = read()
        self.nesting -= 1
        return tree

    def _deepen(self) -> None:
        self.nesting += 1
        if self.nesting > self.source.limits.depth:
            self.source.refuse(self.peek, f"a formula nested more than {self.nesting - 1} deep", "names for its parts")

    def _ends(self, items: list[Item]) -> bool:
        token = self.peek
        if token.kind in ("close", "end", "stop"):
            return True
        if token.kind != "op":
            return False
        if is_place(self):
            return False
        if token.text in ("|", "‖"):
            return bool(items) and isinstance(items[-1], Syntax) and self.bars[-1:] == [token.text]
        return token.text in (",", ";", ":", "&", "&&") or (token.text == ">" and self.bars[-1:] == ["<"])

    # --- one operand ---

    def operand(self) -> Syntax:
        """A number, name, bracket, call, fraction, sum or derivative, with its scripts."""
        token = self.peek
        word = token.text if token.kind == "op" else token.kind
        reader = _READERS.get(word) or (_HAND_READERS.get(word) if self.source.working else None)
        if reader is None:
            product = "; a product entry by entry is ⊙" if token.text == "." else ""
            self.fail(token, f"{_said(token)} where a formula should stand", f"a name, a number or a bracket{product}")
        tree = reader(self)
        return tree if isinstance(tree, Big) else self._scripted(tree)

    def _number(self) -> Syntax:
        token = self.advance()
        mantissa, _, exponent = token.text.lower().removesuffix("%").partition("e")
        if exponent and abs(int(exponent)) > self.source.limits.exponent:
            self.source.refuse(token, f"an exponent beyond {self.source.limits.exponent}", "a number of bearable size")
        value = Fraction(mantissa) * Fraction(10) ** (int(exponent or 0) - 2 * token.text.endswith("%"))
        return Num(value, token.text, start=token.start, end=token.end)

    def _name(self) -> Syntax:
        token = self.advance()
        symbol = Symbol(token.text, token.accents, start=token.start, end=token.end)
        is_word = self.sees("close", "}") or self.sees("op", ",")
        is_function = token.text in FUNCTION_WORDS or (self.source.working and token.text in HAND_FUNCTIONS)
        if is_function and not token.accents and not is_word:
            return self._function(symbol)
        long = len(token.text) > 1 and token.text not in GREEK_NAMES and "_" not in token.text
        if long and self.sees("open", "(") and not self.peek.spaced:
            return self._call(symbol, certain=False)
        return symbol

    def _function(self, symbol: Symbol) -> Syntax:
        """`tanh(a)`, `tanh a`, `tanh²(a)`, `tanh'(a)`."""
        power: Syntax | None = None
        while self.sees("op", "^", "'") or (self.source.working and self.sees("op", "_")):
            if self.sees("op", "_"):
                self.advance()
                symbol = Symbol(symbol.base, symbol.accents, (self.argument(),), start=symbol.start, end=symbol.end)
            elif self.advance().text == "'":
                accents = (*symbol.accents, "prime")
                symbol = Symbol(symbol.base, accents, symbol.below, start=symbol.start, end=symbol.end + 1)
            else:
                power = self.argument()
        if self.sees("open", "(", "["):
            call = self._call(symbol)
        elif self.peek.kind in ("name", "number", "accent", "style", "open") or self.sees("op", "frac", "‖", "|"):
            argument = self.nested(self.operand)
            call = self.made(Call(symbol, (argument,)), symbol.start, argument.end)
        elif self.source.working and self.peek.kind in ("end", "stop") and power is None:
            return symbol  # `φ = tanh`
        else:
            self.fail(symbol, f"the function {symbol.base} without an argument", f"{symbol.base}(a_t)")
        return call if power is None else raised(self.source, call, power)

    def _call(self, function: Symbol, certain: bool = True) -> Syntax:
        arguments, end = self._list()
        return self.made(Call(function, tuple(arguments), certain), function.start, end)

    def _list(self, opened: Token | None = None) -> tuple[list[Syntax], int]:
        """What stands in brackets, apart at commas and semicolons, and where the bracket ends."""
        opener = opened or self.advance()
        bars, self.bars = self.bars, []
        parts = [self.level()]
        while self.sees("op", ",", ";"):
            self.advance()
            parts.append(self.level())
        if not self.sees("close", CLOSER[opener.text]):
            self.fail(self.peek, f"{_said(self.peek)} inside a bracket {opener}", CLOSER[opener.text])
        self.bars = bars
        return parts, self.advance().end

    def _bracket(self) -> Syntax:
        opener = self.peek
        if opener.text in ("matrix", "determinant"):
            return self._grid()
        if opener.text == "cases":
            return read_cases(self)
        parts, end = self._list()
        if opener.text == "⟨" and len(parts) == 2:
            return self.made(Pair(parts[0], parts[1]), opener.start, end)
        if len(parts) > 1:
            return self.made(Stack(tuple(parts)), opener.start, end)
        if opener.text == "{" and isinstance(parts[0], Symbol | Num | Group):
            return parts[0].at(opener.start, end)
        return self.made(Group(parts[0], opener.text), opener.start, end)

    def _grid(self) -> Syntax:
        opener = self.advance()
        rows: list[list[Syntax]] = [[]]
        while not self.sees("close", opener.text):
            if self.sees("op", "&", "&&"):
                if self.advance().text == "&&":
                    rows.append([])
            else:
                rows[-1].append(self.level())
        rows = [row for row in rows if row]
        if not rows or any(len(row) != len(rows[0]) for row in rows):
            self.fail(opener, "a matrix whose rows differ in length", "rows of one length")
        if opener.text == "matrix" and not self.source.working and len(rows) > 1 and len(rows[0]) == 1:
            # In a cell a matrix of one column stacks vectors.
            return self.made(Stack(tuple(row[0] for row in rows)), opener.start, self.advance().end)
        grid = self.made(Grid(tuple(map(tuple, rows))), opener.start, self.advance().end)
        if opener.text == "matrix":
            return grid
        name = Symbol("det", start=opener.start, end=opener.end)
        return self.made(Call(name, (grid,)), grid.start, grid.end)

    def _bars(self) -> Syntax:
        """`|x|` and `‖x‖`."""
        opener = self.advance()
        self.bars.append(opener.text)
        body = self.level()
        self.bars.pop()
        if not self.sees("op", opener.text):
            self.fail(opener, f"a bar {opener} that is never closed", f"{opener} where it ends")
        end = self.advance().end
        if opener.text == "|":
            return self.made(Call(Symbol("abs", start=opener.start, end=opener.end), (body,)), opener.start, end)
        if self.sees("op", "_"):
            self.advance()
            below = self.argument()
            return self.made(Norm(body, below), opener.start, below.end)
        return self.made(Norm(body), opener.start, end)

    def _accented(self) -> Syntax:
        """`\\tilde{c}`, `\\hat y`."""
        token = self.advance()
        body = self.nested(self.argument)
        body = _joined(body)
        if not isinstance(body, Symbol):
            self.fail(body, f"an accent {token} over more than a name", f"\\{token}{{c}}")
        accents = (*body.accents, token.text)
        return Symbol(body.base, accents, body.below, body.above, start=token.start, end=body.end)

    def _style(self) -> Syntax:
        """`\\mathbf{W}`: the letter."""
        token = self.advance()
        body = self._prefixed()
        return body.at(token.start, body.end)

    def _prefixed(self) -> Syntax:
        """What a style or root stands before: a brace group, a sign, or a function with its argument."""
        is_function = self.sees("name") and self.peek.text in FUNCTION_WORDS
        return self.nested(self._name if is_function else self.argument)

    def _fraction(self) -> Syntax:
        token = self.advance()
        over, under = self.nested(self.argument), self.nested(self.argument)
        return self.made(Quotient(over, under), token.start, under.end)

    def _root(self) -> Syntax:
        token = self.advance()
        name = Symbol("sqrt", start=token.start, end=token.end)
        if self.sees("open", "["):
            self.fail(self.peek, "a root of higher order", "x^{1/3}")
        body = self._prefixed()
        return self.made(Call(name, (body.body if isinstance(body, Group) else body,)), token.start, body.end)

    def _big(self) -> Syntax:
        """`Σ_{t=1}^{T}`; its body is put in when the term is read to its end."""
        token = self.advance()
        below = above = None
        while self.sees("op", "_", "^"):
            if self.advance().text == "_":
                below = self.argument()
            else:
                above = self.argument()
        nothing = Num(Fraction(0), start=token.start, end=token.end)
        below, above = ranged(token.text, below, above)
        return Big(token.text, below, above, nothing, start=token.start, end=token.end)

    def _partial(self) -> Syntax:
        token = self.advance()
        mark = ""
        if self.sees("op", "^") and "+" in (
            self.tokens[self.at + 1].text,
            self.tokens[min(self.at + 2, len(self.tokens) - 1)].text,
        ):
            self.advance()
            if self.sees("op", "+"):
                self.advance()
            else:
                self.argument()
            mark = "+"
        body = self.nested(self.operand)
        return self.made(Partial(body, mark), token.start, body.end)

    # --- scripts ---

    def _scripted(self, base: Syntax) -> Syntax:
        """The operand with what stands below and above it, and the call it may begin."""
        below = [Script(tree, base.end) for tree in base.below] if isinstance(base, Symbol) else []
        above: list[Script] = []
        while True:
            if self.sees("op", "_"):
                below += self._ending(self._below(self.advance(), base))
            elif self.sees("op", "^"):
                self.advance()
                script = self.argument()
                above += self._ending(script.parts if isinstance(script, Stack) else [script])
            elif self.sees("op", "ᵀ"):
                token = self.advance()
                above += self._ending([Symbol("T", start=token.start, end=token.end)])
            elif self.sees("op", "'"):
                base = self._primed(base)
            elif is_place(self):
                base = read_place(self, self._with(base, below, above))
                below, above = [], []
            elif isinstance(base, Symbol) and is_index(self.tokens, self.at):
                below += self._ending(self._list()[0])
            else:
                break
        return self._maybe_call(self._with(base, below, above))

    def _with(self, base: Syntax, below: list[Script], above: list[Script]) -> Syntax:
        if below and not isinstance(base, Symbol):
            where = below[0].tree if len(below) == 1 else Stack(tuple(script.tree for script in below))
            base, below = self.made(Evaluated(base, where), base.start, below[-1].end), []
        tree = with_scripts(self.source, base, below, above) if below or above else base
        return exponential(tree) if self.source.working and isinstance(tree, Symbol) else tree

    def _ending(self, trees: Sequence[Syntax]) -> list[Script]:
        return [Script(tree, self.tokens[self.at - 1].end) for tree in trees]

    def _below(self, token: Token, base: Syntax) -> list[Syntax]:
        if not isinstance(base, Symbol) and not self.source.working:
            self.fail(token, "a subscript on something that is no name", "a name with its subscript: h_{t-1}")
        braced = self.sees("open", "{")
        script = self.argument()
        if not braced and isinstance(base, Symbol):
            self._refuse_bare_lag(script, base)
        return list(script.parts) if isinstance(script, Stack) else [script]

    def _refuse_bare_lag(self, step: Syntax, base: Symbol) -> None:
        """In plain text `h_t-1` may be meant as `h_{t-1}` or as `h_t - 1`."""
        sign, number = self.tokens[self.at], self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        tight = sign.text in "+-" and sign.kind == "op" and number.kind == "number"
        if step != Symbol("t") or self.source.latex or not tight or sign.spaced or number.spaced:
            return
        written = self.source.text[base.start : number.end]
        name = self.source.text[base.start : step.start - 1]
        self.fail(
            Symbol("", start=base.start, end=number.end),
            f"{written}, which may mean the step t{sign}{number} or a difference",
            f"{name}_{{t{sign}{number}}} for the step, {name}_t {sign} {number} for the difference",
        )

    def _primed(self, base: Syntax) -> Syntax:
        token = self.advance()
        if not isinstance(base, Symbol):
            self.fail(token, "a prime on something that is no name", "Xᵀ or X^T for the transpose")
        return Symbol(base.base, (*base.accents, "prime"), base.below, base.above, start=base.start, end=token.end)

    def argument(self) -> Syntax:
        """What a script, accent or fraction takes: a brace group, or one sign."""
        token = self.peek
        if token.kind == "open" and token.text == "{":
            return self._braced()
        if token.kind == "op" and token.text in "+-" and self.tokens[self.at + 1].kind == "number":
            self.advance()
            body = self._number()
            return body if token.text == "+" else self.made(Terms(((-1, body),)), token.start, body.end)
        if token.kind == "op" and token.text in _SIGN_WORDS and (token.text != "+" or self._is_last_in_braces()):
            self.advance()
            return Symbol(_SIGN_WORDS[token.text], start=token.start, end=token.end)
        if token.kind == "op" and token.text == "<":
            return self._angled()
        if token.kind == "name":
            self.advance()
            return Symbol(token.text, token.accents, start=token.start, end=token.end)
        if self.source.working and token.kind == "op" and token.text == "∞":
            return read_infinity(self)
        reader = _READERS.get(token.text if token.kind == "op" else token.kind)
        if reader is None or (token.kind == "op" and token.text not in ("frac", "sqrt")):
            self.fail(token, f"{_said(token)} where a script or argument should stand", "braces around it: h_{t-1}")
        return reader(self)

    def _is_last_in_braces(self) -> bool:
        return self.tokens[self.at + 1].text == "}"

    def _braced(self) -> Syntax:
        """A brace group: what is in it, without the braces; signs that begin it are words."""
        opener, following = self.peek, self.tokens[self.at + 1]
        layered = self._layered()
        if layered is not None:
            return layered
        signs: list[Syntax] = []
        if following.kind == "op" and following.text in ("<", "ᵀ", "*", "'", "+"):
            self.advance()
            if following.text != "+" or self._is_last_in_braces():
                signs = [self.argument()]
            if self.sees("close", "}") and signs:
                self.advance()
                return signs[0]
            self.at -= not signs
        parts, end = self._list(opened=opener if signs else None)
        parts = [*signs, *parts]
        return parts[0] if len(parts) == 1 else self.made(Stack(tuple(parts)), opener.start, end)

    def _layered(self) -> Syntax | None:
        """`{[l]<t>}`: a layer and a step, each in brackets of its own; nothing is read of anything else."""
        opener, at = self.peek, self.at
        self.advance()
        if self.sees("open", "["):
            layer = _READERS["open"](self)
            if self.sees("op", "<") or self.sees("open", "⟨", "("):
                step = self._angled() if self.sees("op", "<") else _READERS["open"](self)
                if self.sees("close", "}"):
                    return self.made(Stack((layer, step)), opener.start, self.advance().end)
        self.at = at
        return None

    def _angled(self) -> Syntax:
        """`<t-1>`."""
        opener = self.advance()
        self.bars.append("<")
        body = self.level()
        self.bars.pop()
        if not self.sees("op", ">"):
            self.fail(opener, "a bracket < that is never closed", "h^{<t-1>}")
        return self.made(Group(body, "⟨"), opener.start, self.advance().end)

    def _maybe_call(self, tree: Syntax) -> Syntax:
        """`f(a)`, `σ(a)`, `L_t(h_t)`: a call unless the reader of the tree knows better."""
        symbol = tree.base if isinstance(tree, Raised) else tree
        if not isinstance(symbol, Symbol) or not self.sees("open", "(", "["):
            return tree
        if symbol.base not in _CALLABLE and not (self.source.working and symbol.base == "rho"):
            return tree
        if (symbol.below or symbol.above) and symbol.base not in LOSSES | {"sigma"}:
            return tree
        call = self._call(symbol, certain=False)
        return raised(self.source, call, tree.exponent) if isinstance(tree, Raised) else self._scripted(call)


_READERS: dict[str, Callable[[Parser], Syntax]] = {
    "number": Parser._number,
    "name": Parser._name,
    "open": Parser._bracket,
    "accent": Parser._accented,
    "style": Parser._style,
    "frac": Parser._fraction,
    "sqrt": Parser._root,
    "sum": Parser._big,
    "prod": Parser._big,
    "∂": Parser._partial,
    "|": Parser._bars,
    "‖": Parser._bars,
}
_HAND_READERS: dict[str, Callable[[Parser], Syntax]] = {
    "…": read_dots,
    "∞": read_infinity,
    "∇": read_gradient,
}
