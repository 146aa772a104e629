"""What a person writes, read: notations, chains, lists, prose around formulas, and what is no mathematics."""

from __future__ import annotations

from fractions import Fraction

import pytest
from spoken_trees import spoken_claim

from symrnn.checking.claims import Format, Kind, Working, figure_of
from symrnn.checking.reading.sides import parse_side
from symrnn.checking.reading.workings import read_working


def claims_of(text: str) -> list[str]:
    """Every chain of a text, every grouping shown."""
    return [spoken_claim(claim) for line in read_working(text).lines for claim in line.claims]


def reasons(working: Working) -> list[str]:
    """Why lines were not read."""
    return [one.reason for one in working.unread]


NOTATIONS = [
    ("$W_{hh}h_{t-1} = 1$", "[W_<hh> & h_<(+ t, - 1)>] = 1"),
    ("$W_hh_{t-1} = 1$", "[W_<h> & h_<(+ t, - 1)>] = 1"),
    ("W_hh h_{t-1} = 1", "[W_<hh> & h_<(+ t, - 1)>] = 1"),
    (r"$\tilde{C}_t = 1$", "C~tilde_<t> = 1"),
    ("c~_1 = 1", "c~tilde_<1> = 1"),
    ("h̃1 = δ3", "h~tilde_<1> = delta_<3>"),
    ("h1 = h₁ = h_1", "h_<1> = h_<1> = h_<1>"),
    ("dh_prev = dWf", "dh_<prev> = dWf"),
    (r"$a^{[1]<t>} = 1$", "a^<(1), (t)> = 1"),
    (r"$a^{[1](t)} = 1$", "a^<(1), (t)> = 1"),
    ("q = dy @ h[t].T", "q = [dy @ h_<t>.T]"),
    ("q = Why @ h + Why.T @ d", "q = (+ [Why @ h], + [Why.T @ d])"),
    ("d .* c = a.^2", "[d ⊙ c] = a**2"),
    (r"$3\mathrm{e}{-4} = 1$", "3e-4 = 1"),
    (r"$2\text{e-3} = 1$", "2e-3 = 1"),
    (r"$\overrightarrow{h}_t = 1$", "h~forward_<t> = 1"),
    (r"$\phi = \tanh$", "phi = tanh"),
    ("dL/dw = 1", "{d:L | d:w} = 1"),
    (r"$\frac{dL}{dw} = 1$", "{d:L | d:w} = 1"),
    (r"$\frac{\mathrm{d} L}{\mathrm{d} w} = 1$", "{d:L | d:w} = 1"),
    ("∂L/∂h₂ = 1", "{∂:L | ∂:h_<2>} = 1"),
    (r"$\frac{\partial L}{\partial h_2} = \delta_t$", "{∂:L | ∂:h_<2>} = delta_<t>"),
    (r"$\frac{\partial^+ L}{\partial h_2} = 1$", "{+:L | ∂:h_<2>} = 1"),
    (r"$\frac{\partial L}{\partial W}\bigg|_{t=2} = 1$", "{∂:L | ∂:W} at Chain(t, 2) = 1"),
    ("W ← W − η ∂L/∂W", "W ← (+ W, - [eta & {∂:L | ∂:W}])"),
    (r"$\nabla_W L = 1$", "{∂:L | ∂:W} = 1"),
    (r"$\sigma'(x) = 1$", "sigma~prime(x) = 1"),
    ("g'(z) = 1 - g(z)^2", "g~prime(z) = (+ 1, - g(z)**2)"),
    ("0.5(1-h1^2) = 1", "[0.5 & ((+ 1, - h_<1>**2))] = 1"),
    ("sigmoid(0.85) = 1", "sigmoid(0.85) = 1"),
    ("$h_t = tanh(x)$", "h_<t> = tanh(x)"),
    (r"$\tanh^2 x = 1$", "tanh(x)**2 = 1"),
    ("‖δ‖² = 1", "Norm(delta)**2 = 1"),
    (r"$\lVert W \rVert_2 = 1$", "Norm(W, 2) = 1"),
    ("$|x| = 1$", "abs(x) = 1"),
    (r"$a_1 \cdots a_n = 1$", "[a_<1> & … & a_<n>] = 1"),
    ("x_1 + ... + x_n = 1", "(+ x_<1>, + …, + x_<n>) = 1"),
    (r"$\sum_{t=1}^T L_t = 1$", "Big(Chain(t, 1), T, L_<t>) = 1"),
    ("∏ₖ₌₁³ aₖ = 1", "Big(Chain(k, 1), 3, a_<k>) = 1"),
    ("x ⊙ y = x * y", "[x ⊙ y] = [x * y]"),
    (r"$W^\top = W^T$", "W.T = W.T"),
    ("7% = 7 %", None),
    (r"$7\% = 0.07$", "7% = 0.07"),
    ("1e-5 = 2.6×10⁻⁵", "1e-5 = [2.6 × 10**(- 5)]"),
    ("98,560 = 1", "98560 = 1"),
    (r"$e^{-x} = 1$", "e**(- x) = 1"),
    (r"$\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix} = A$", "Grid(1, 2, 3, 4) = A"),
    ("y_3* = (y - y*)^2", "y_<3>^<star> = ((+ y, - y^<star>))**2"),
    ("a*b = a * b", "[a * b] = [a * b]"),
    ("0.5^10 << 1", "0.5**10 < 1"),
    ("A = [[1, 2], [3, 4]]", "A = Grid(1, 2, 3, 4)"),
    ("x = [1, 2] = [[1], [2]]", "x = Stack(1, 2) = Grid(1, 2)"),
    (r"$\left[\begin{array}{cc} 1 & 2 \end{array}\right] = A$", "(Grid(1, 2)) = A"),
    (
        r"$f(x) = \begin{cases} x & x > 0 \\ 0 & \text{otherwise} \end{cases}$",
        "f(x) = cases(x if Chain(x, 0); 0 if else)",
    ),
    (r"$L = \tfrac12 y^2$", "L = [{1 | 2} & y**2]"),
    (r"$\boxed{L = 1}$", "L = 1"),
    (r"$x = \underbrace{a}_{\text{from step 2}} + \color{red}{1} \tag{7}$", "x = (+ a, + 1)"),
    ("h<sub>1</sub> = 1", "h_<1> = 1"),
    ("h₁ ＝ tanh（0.5×1）", "h_<1> = tanh([0.5 × 1])"),
]


class TestNotations:
    """One tree for what is one thing, whatever the spelling."""

    @pytest.mark.parametrize(("text", "reading"), [pair for pair in NOTATIONS if pair[1]], ids=lambda text: text)
    def test_each(self, text: str, reading: str) -> None:
        """Each notation, in a working of its own."""
        assert claims_of(text) == [reading]


PROSE = [
    ("We get h_2 = 0.5 * 0.3 = 0.15 which is small.", ["h_<2> = [0.5 * 0.3] = 0.15"]),
    ("so h = 0.18 + 0.37 = **0.55**.", ["h = (+ 0.18, + 0.37) = 0.55"]),
    ("the forget gate = 0.5, the input gate = 0.3", ["«forget gate» = 0.5", "«input gate» = 0.3"]),
    ("The gradient of L with respect to W_h = 0.5", ["«gradient of L with respect to W_h» = 0.5"]),
    ("derivative of tanh(x) = 1 - x", ["«derivative of tanh(x)» = (+ 1, - x)"]),
    ("gradient W_h = 0.3", ["«gradient W_h» = 0.3"]),
    ("h_1的导数 = 0.5", ["«h_1的导数» = 0.5"]),
    ("损失 L = 0.5，总梯度 = 0.5 × 0.25 = 0.125。", ["L = 0.5", "«总梯度» = [0.5 × 0.25] = 0.125"]),
    ("步骤 1：h₁ = 0.5（初始）", ["h_<1> = 0.5"]),
    ("- **With r = 1:** h = 0.2", ["r = 1", "h = 0.2"]),
    ("h = 0.5 - the state", ["h = 0.5"]),
    ("(2) h_2 = 0.5", ["h_<2> = 0.5"]),
    ("(a) h_2 = 0.5; ② x = 1", ["h_<2> = 0.5", "x = 1"]),
    ("(2)(0.5) = 1", ["[(2) & (0.5)] = 1"]),
    ("原来的 0.5³ = 12.5%", ["0.5**3 = 12.5%"]),
    ("y = W x + b (7)", ["y = (+ [W & x], + b)"]),
    ("y = 0.5 (7)", ["y = [0.5 & (7)]"]),
    ("h_2 = 0.75 (t = 2)", ["h_<2> = 0.75", "t = 2"]),
    ("error = target - prediction = 1 - 0.75", ["error = (+ target, - prediction) = (+ 1, - 0.75)"]),
    ("$h_1$ = 0.5 and **$h_2$** = 0.75", ["h_<1> = 0.5", "h_<2> = 0.75"]),
    ("`h1 = 0.5` is given", ["h_<1> = 0.5"]),
    ("see [this](http://a.b/?x=1) and https://c.d/e?f=2 for h = 3", ["h = 3"]),
    (r"$a = 1 \implies b = 2 \quad c = 3, d = 4$", ["a = 1", "b = 2", "c = 3", "d = 4"]),
    (r"$h_1 = 1 \text{ where } x = 2$", ["h_<1> = 1", "x = 2"]),
    (r"$x = 1 where y = 2$", ["x = 1", "y = 2"]),
    (r"$h_1 = 0.5 \to h_2 = 0.25$", ["h_<1> = 0.5", "h_<2> = 0.25"]),
    (r"$h = 0.15 \; (\text{small})$", ["h = 0.15"]),
    (r"$C = 1 + (\text{other terms})$", ["C = (+ 1, + (other_terms))"]),
    ("h_t = W h_{t-1}   t = 1, 2", ["h_<t> = [W & h_<(+ t, - 1)>]", "t = Stack(1, 2)"]),
    ("h    =    W<sub>h</sub> x", ["h = [W_<h> & x]"]),
    ("x, y = 1, 2", ["Stack(x, y) = Stack(1, 2)"]),
    ("for t = 1, 2, 3 we have", ["t = Stack(1, 2, 3)"]),
]


class TestProse:
    """Formulas in sentences: where they begin, where they end, and what words name."""

    @pytest.mark.parametrize(("text", "readings"), PROSE, ids=lambda text: text if isinstance(text, str) else "")
    def test_each(self, text: str, readings: list[str]) -> None:
        """English and Chinese."""
        assert claims_of(text) == readings
        assert read_working(text).unread == ()

    @pytest.mark.parametrize(
        "text",
        [
            "RNN = recurrent neural network",
            "The cost is $5 and $6 in total.",
            "<a href='x=1'>link</a>",
            "if g < the threshold, then => stop",
            "run `python train.py` with --lr=0.1",
            "时间步1: 输入x₁ → RNN单元 → 隐藏状态h₁",
            "```python\nh = np.zeros(3)\n```",
            "```\nimport numpy\nfor t in range(3):\n    h = h + 1\n```",
            "![w=3](data:image/png;base64,AAA=)",
            "<!-- h = 1 -->",
            "---\ntitle: a = b\n---\n",
        ],
    )
    def test_no_mathematics(self, text: str) -> None:
        """Prose, addresses, programs and markup are no claims, and no alarms."""
        working = read_working(text)
        assert working.lines == ()
        assert working.unread == ()


class TestChains:
    """Chains over several lines."""

    @pytest.mark.parametrize(
        "text",
        [
            "h = tanh(1 + 2)\n  = tanh(3)\n  = 0.5",
            "```\nh = tanh(1 + 2)\n  = tanh(3) =\n  0.5\n```",
            "$h = \\tanh(1 + 2)$\n$= \\tanh(3)$\n$= 0.5$",
            "$$h = \\tanh(1 + 2)$$\n\n$$= \\tanh(3) = 0.5$$",
            "\\begin{align}\nh &= \\tanh(1 + 2) \\\\\n &= \\tanh(3) \\\\ &= 0.5\n\\end{align}",
            "$$\n\\begin{aligned} h &= \\tanh(1 \\\\ &\\quad + 2) \\\\ &= \\tanh(3) = 0.5 \\end{aligned}\n$$",
        ],
    )
    def test_goes_on(self, text: str) -> None:
        """A line that begins with = goes on from the side before it."""
        links = read_working(text).links
        spoken = [spoken_claim(claim) for line in read_working(text).lines for claim in line.claims]
        if "\\tanh(1 \\\\" in text:  # a row's end within a bracket is no LaTeX
            return
        assert " = ".join(dict.fromkeys(" = ".join(spoken).split(" = "))) == "h = tanh((+ 1, + 2)) = tanh(3) = 0.5"
        assert len(links) == 3

    def test_nothing_to_go_on_from(self) -> None:
        """Between prose and =, no side is made up; what hangs in the air is said."""
        working = read_working("The total is small, as was said above.\n\n$= 0.5$")
        assert working.links == ()
        assert reasons(working) == ["a line that goes on from nothing that was read"]

    def test_a_broken_chain_keeps_its_other_links(self) -> None:
        """A side that cannot be read costs its two links only."""
        working = read_working(r"$a = \foo = 0.5 + 0.5 = 1$")
        (claim,) = working.lines[0].claims
        assert claim.broken
        assert spoken_claim(claim) == "(+ 0.5, + 0.5) = 1"
        assert reasons(working) == ["the unknown command \\foo"]

    def test_systems(self) -> None:
        """Rows of a system are statements of their own."""
        for text in (
            r"$$\begin{cases} a = 1 \\ b = 2 \end{cases}$$",
            r"$$\left\{\begin{array}{l} a = 1 \\ b = 2 \end{array}\right.$$",
            r"$$\left\{\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}\right.$$",
            "$$\na = 1\nb = 2\n$$",
        ):
            assert claims_of(text) == ["a = 1", "b = 2"]


class TestKinds:
    """What a chain does."""

    @pytest.mark.parametrize(
        ("text", "kind"),
        [
            ("h_1 = 0.5", Kind.EQUATION),
            ("f(x) = x", Kind.DEFINITION),
            (r"$a \equiv b$", Kind.DEFINITION),
            ("a := 3", Kind.DEFINITION),
            ("tanh'(x) = 1 - tanh(x)^2", Kind.EQUATION),
            (r"$\theta = \theta - \alpha \frac{\partial L}{\partial \theta}$", Kind.UPDATE),
            ("W -= 0.1 * dW", Kind.UPDATE),
            ("W <- 0.5", Kind.UPDATE),
            ("W := W - 0.1 * 0.2", Kind.UPDATE),
            ("a < 1", Kind.COMPARISON),
            (r"$W \in \mathbb{R}^{n \times n}$", Kind.COMPARISON),
            ("t = 1, …, T", Kind.LIST),
        ],
    )
    def test_each(self, text: str, kind: Kind) -> None:
        """From how it is written."""
        assert [line.kind for line in read_working(text).lines] == [kind]

    def test_format(self) -> None:
        """Letters stand one by one in LaTeX, and in a plain line that holds a command."""
        formats = [line.format for line in read_working("$a = 1$\n\nb = 2\n\n" + r"c = \tfrac12").lines]
        assert formats == [Format.LATEX, Format.PLAIN, Format.LATEX]


class TestFigures:
    """Digits as written."""

    @pytest.mark.parametrize(
        ("text", "value", "unit", "digits"),
        [
            ("0.762", Fraction(381, 500), Fraction(1, 1000), 3),
            ("-0.200", Fraction(-1, 5), Fraction(1, 1000), 3),
            ("(0.5)", Fraction(1, 2), Fraction(1, 10), 1),
            ("2.5 × 10^5", Fraction(250_000), Fraction(10_000), 2),
            ("2.6e-5", Fraction(26, 1_000_000), Fraction(1, 1_000_000), 2),
            ("7%", Fraction(7, 100), Fraction(1, 100), 1),
            ("0.0078125", Fraction(1, 128), Fraction(1, 10**7), 5),
            ("13,780", Fraction(13_780), Fraction(1), 5),
            ("10^5", Fraction(100_000), Fraction(100_000), 1),
        ],
    )
    def test_each(self, text: str, value: Fraction, unit: Fraction, digits: int) -> None:
        """Value, unit of the last digit, significant digits."""
        figure = figure_of(parse_side(text, False))
        assert figure is not None
        assert (figure.value, figure.unit, figure.digits) == (value, unit, digits)

    def test_no_figure(self) -> None:
        """A quotient, a name or a sum is no displayed number."""
        assert [figure_of(parse_side(text, False)) for text in ("1/2", "h_1", "1 + 2", "½")] == [None] * 4


class TestUnread:
    """What could mean two things, or nothing here, is listed with its reason."""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("h_t-1 = 0.5", "h_t-1, which may mean the step t-1 or a difference"),
            ("$0.9^10 = 0.35$", "10 without braces, which TeX reads as 1 and 0"),
            (r"$2\frac{1}{2} = 2.5$", "two numbers side by side"),
            ("1,5 + 2 = 3,5", ", where the formula should end"),
            ("x = 1.5 2.5", "two numbers side by side"),
            ("x = 5!", "! where a formula should stand"),
            ("$h_2 = $", "nothing behind the sign"),
            ("$(h_1 = 0.5$", "a bracket that is never closed"),
            (r"$\sqrt[3]{8} = 2$", "a root of higher order"),
            (r"$\begin{Vmatrix} 1 & 2 \\ 3 & 4 \end{Vmatrix} = -2$", "a matrix between double bars"),
            ("h = 0.5 * 1\n- 0.3 = 0.2", "a dash that may be a minus sign or a bullet"),
            ("$$h = 1", "a display that is never closed"),
        ],
    )
    def test_each(self, text: str, reason: str) -> None:
        """No guess is made."""
        assert reason in reasons(read_working(text))
