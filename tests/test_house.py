"""The house itself: import order, no cycles, nothing unsafe, names, docstrings with examples, light start."""

from __future__ import annotations

import ast
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import symrnn
from symrnn.algebra.nodes import Operation
from symrnn.calculus.rules import RULES

ROOT = Path(symrnn.__file__).parent
ORDER = (
    "errors",
    "languages",
    "texts",
    "tables",
    "algebra",
    "cells",
    "calculus",
    "notations",
    "models",
    "numeric",
    "plots",
    "regimes",
    "documents",
    "checking",
    "worksheets",
    "cli",
)
"""A module imports only from its own package or from one above it in this list."""

MODULES = sorted(".".join(path.relative_to(ROOT.parent).with_suffix("").parts) for path in ROOT.rglob("*.py"))
each_module = pytest.mark.parametrize("name", MODULES)


def path_of(name: str) -> Path:
    """The file of a module."""
    return ROOT.parent.joinpath(*name.split(".")).with_suffix(".py")


@cache
def tree_of(name: str) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path_of(name).read_text(encoding="utf-8"))


def package_of(name: str) -> str:
    """`symrnn.algebra.nodes` is in algebra; the root's own modules stand under no package."""
    return name.split(".")[1] if name.count(".") else ""


def imports_of(name: str) -> Iterator[tuple[str, int]]:
    """The modules of this project that a module imports, with the line; inside functions too."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from symrnn.algebra import nodes` may name a module or a thing in one.
            found = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in found:
            known = next((one for one in _prefixes(target) if one in KNOWN), None)
            if known:
                yield KNOWN[known], node.lineno


def _prefixes(target: str) -> Iterator[str]:
    parts = target.split(".")
    return (".".join(parts[:count]) for count in range(len(parts), 0, -1))


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


KNOWN = {name: name for name in MODULES} | {name.removesuffix(".__init__"): name for name in MODULES}
"""Importable names to modules."""


class TestImports:
    """Imports go one way."""

    def test_every_package_has_its_place(self) -> None:
        """A package that is added later is added to the list."""
        assert {package_of(name) for name in MODULES} - {"__init__", "__main__"} <= set(ORDER)

    @each_module
    def test_only_from_its_own_package_or_one_above(self, name: str) -> None:
        """Imports inside functions included. The root's `__init__` and `__main__` stand above all."""
        own = package_of(name)
        if own in ("__init__", "__main__"):
            return
        allowed = ORDER[: ORDER.index(own) + 1]
        below = [
            f"{path_of(name)}:{line}: {other}"
            for other, line in imports_of(name)
            if package_of(other) not in (*allowed, "__init__")
        ]
        assert not below

    @each_module
    def test_relative_imports_are_not_used(self, name: str) -> None:
        """Every import says the whole name."""
        relative = [node.lineno for node in ast.walk(tree_of(name)) if isinstance(node, ast.ImportFrom) and node.level]
        assert not relative

    def test_no_module_is_in_a_cycle(self) -> None:
        """Neither at import nor inside functions; a package's `__init__` that gathers its modules is left out."""
        edges = {
            name: {other for other, _ in imports_of(name) if other != name and not other.endswith("__init__")}
            for name in MODULES
            if not name.endswith("__init__")
        }
        assert _cycle(edges) is None


def _cycle(edges: dict[str, set[str]]) -> list[str] | None:
    """One cycle of a graph, if there is one."""
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return None
        for other in sorted(edges.get(name, ())):
            found = walk(other, [*path, name])
            if found:
                return found
        done.add(name)
        return None

    return next((found for name in sorted(edges) if (found := walk(name, []))), None)


ALLOWED = {
    ("symrnn.numeric.compilation", "exec"): "array code that this project wrote from a checked Program",
    ("symrnn.numeric.compilation", "compile"): "the same code, with a name that tracebacks show",
}
"""What else is refused, with the reason it may stand there."""

UNSAFE_CALLS = {"eval", "exec", "compile", "lambdify", "parse_expr", "parse_latex", "__import__", "S"}
UNSAFE_MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}


def calls_of(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call by the last part of what is called."""
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            yield called, node


class TestSafety:
    """Text from outside never reaches eval, sympify, parse_expr, lambdify, pickle or a shell."""

    @each_module
    def test_nothing_evaluates_text(self, name: str) -> None:
        """`re.compile` and methods called `compile` of this project's own are no evaluation."""
        found = [
            f"{path_of(name)}:{node.lineno}: {called}"
            for called, node in calls_of(name)
            if called in UNSAFE_CALLS and (name, called) not in ALLOWED and not _is_harmless(called, node)
        ]
        assert not found

    @each_module
    def test_sympify_is_strict(self, name: str) -> None:
        """`sp.sympify(number, strict=True)` takes no strings."""
        loose = [
            f"{path_of(name)}:{node.lineno}"
            for called, node in calls_of(name)
            if called == "sympify" and not _is_strict(node)
        ]
        assert not loose

    @each_module
    def test_nothing_is_unpickled(self, name: str) -> None:
        """Weights come as arrays, never as objects; `numpy.load` says allow_pickle=False."""
        for node in ast.walk(tree_of(name)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {one.partition(".")[0] for one in names} & UNSAFE_MODULES
        for called, call in calls_of(name):
            if called == "load" and isinstance(call.func, ast.Attribute) and _is_called(call.func.value, "np", "numpy"):
                keywords = {keyword.arg: keyword.value for keyword in call.keywords}
                assert ast.unparse(keywords.get("allow_pickle", ast.Constant(False))) == "False"

    @each_module
    def test_no_shell(self, name: str) -> None:
        """No command line is put together from text."""
        for called, call in calls_of(name):
            assert called not in {"system", "popen"}
            shell = next((keyword.value for keyword in call.keywords if keyword.arg == "shell"), None)
            assert shell is None or ast.unparse(shell) == "False"

    def test_the_exceptions_are_still_needed(self) -> None:
        """An allowance that nothing uses is taken away."""
        used = {(name, called) for name in MODULES for called, _ in calls_of(name)}
        assert set(ALLOWED) <= used

    @each_module
    def test_errors_say_what_kind_they_are(self, name: str) -> None:
        """No bare `Exception` or `RuntimeError`."""
        bare = [
            f"{path_of(name)}:{node.lineno}"
            for node in ast.walk(tree_of(name))
            if isinstance(node, ast.Raise)
            and isinstance(node.exc, ast.Name | ast.Call)
            and ast.unparse(node.exc).partition("(")[0] in {"Exception", "BaseException", "RuntimeError"}
        ]
        assert not bare


def _is_called(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _is_harmless(called: str, node: ast.Call) -> bool:
    if called == "S":
        return not any(isinstance(one, ast.Constant) and isinstance(one.value, str) for one in node.args)
    if not isinstance(node.func, ast.Attribute):
        return False
    return called == "compile" and not _is_called(node.func.value, "builtins")


def _is_strict(node: ast.Call) -> bool:
    strict = next((keyword.value for keyword in node.keywords if keyword.arg == "strict"), None)
    return strict is not None and ast.unparse(strict) == "True"


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages([str(ROOT)], "symrnn."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def _public_functions() -> dict[str, object]:
    """Every public function of every module by its dotted name, where it is defined."""
    found: dict[str, object] = {}
    for module in _modules():
        for name, thing in vars(module).items():
            own = getattr(thing, "__module__", None) == module.__name__
            if own and not name.startswith("_") and inspect.isfunction(inspect.unwrap(thing)):
                found[f"{module.__name__}.{name}"] = thing
    return found


PUBLIC = _public_functions()


class TestNames:
    """Modules are nouns, functions are verbs."""

    @each_module
    def test_no_module_shares_its_name_with_what_it_exports(self, name: str) -> None:
        """`symrnn.evaluate` must not be the module where `evaluate` lives."""
        last = name.removesuffix(".__init__").rpartition(".")[2]
        defined = {
            node.name
            for node in tree_of(name).body
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        }
        assert last not in defined

    def test_every_public_name_resolves(self) -> None:
        """And to something that says what it is."""
        for name in symrnn.__all__:
            assert getattr(symrnn, name) is not None
        assert len(set(symrnn.__all__)) == len(symrnn.__all__)
        assert set(dir(symrnn)) >= set(symrnn.__all__)

    def test_type_checkers_see_the_same_names(self) -> None:
        """The block under TYPE_CHECKING lists what `__getattr__` finds."""
        (block,) = [node for node in tree_of("symrnn.__init__").body if _is_type_checking(node)]
        assert isinstance(block, ast.If)
        listed = {alias.asname for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
        assert listed | {"__version__"} == set(symrnn.__all__)

    def test_an_unknown_name_is_an_attribute_error(self) -> None:
        """As of any module."""
        with pytest.raises(AttributeError, match="no attribute 'nothing'"):
            symrnn.nothing  # noqa: B018  # looking it up is the test


class TestDocstrings:
    """The first line is the formula or the sentence a lecturer would say."""

    @each_module
    def test_every_module_says_what_it_reads_and_promises(self, name: str) -> None:
        """A docstring of its own, one sentence first."""
        if path_of(name).stat().st_size == 0:
            return
        text = ast.get_docstring(tree_of(name))
        assert text
        assert text.partition("\n")[0].endswith((".", ":", "!"))

    @pytest.mark.parametrize("name", PUBLIC)
    def test_every_public_function_has_a_docstring(self, name: str) -> None:
        """Whose first line ends a sentence."""
        text = inspect.getdoc(PUBLIC[name])
        assert text
        assert text.partition("\n")[0].rstrip().endswith((".", ":", "`"))

    def test_what_users_call_has_an_example(self) -> None:
        """Every function of `symrnn.__all__` and every named cell."""
        called = [getattr(symrnn, name) for name in symrnn.__all__ if inspect.isfunction(getattr(symrnn, name))]
        called += list(symrnn.cells.CELLS.values())
        assert [f.__qualname__ for f in called if ">>>" not in (inspect.getdoc(f) or "")] == []

    def test_public_classes_and_their_methods_have_docstrings(self) -> None:
        """Properties too; what Python calls by itself is known."""
        missing = []
        for module in _modules():
            for name, thing in vars(module).items():
                if inspect.isclass(thing) and thing.__module__ == module.__name__ and not name.startswith("_"):
                    missing += [] if thing.__doc__ else [f"{module.__name__}.{name}"]
                    missing += [
                        f"{module.__name__}.{name}.{key}"
                        for key, method in vars(thing).items()
                        if not key.startswith("_")
                        and (inspect.isfunction(method) or isinstance(method, property))
                        and not inspect.getdoc(getattr(thing, key))
                    ]
        assert not missing


class TestTable:
    """Absence is explicit."""

    def test_every_operation_has_a_row(self) -> None:
        """A new operation without a rule is a loud failure."""
        concrete = {one for one in _below(Operation) if not inspect.isabstract(one)}
        assert {one.__name__ for one in concrete} == {one.__name__ for one in RULES}


def _below(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


HEAVY = ("sympy", "numpy", "scipy", "matplotlib", "mpmath", "rich.progress", "hypothesis")


def _loaded_after(code: str) -> set[str]:
    """Which heavy packages a fresh Python has loaded after that code."""
    script = f"{code}\nimport sys\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    return set((done.stdout.splitlines() or [""])[-1].split())


class TestStart:
    """Heavy imports happen where they are used."""

    def test_importing_the_package_imports_nothing_heavy(self) -> None:
        """`import symrnn` answers at once."""
        assert _loaded_after("import symrnn") == set()

    @pytest.mark.parametrize("arguments", [["--version"], ["--help"], []])
    def test_the_command_line_answers_at_once(self, arguments: list[str]) -> None:
        """Without SymPy or NumPy."""
        code = (
            f"import sys, io, contextlib\nsys.argv = ['symrnn', *{arguments!r}]\n"
            "from symrnn.cli import main\n"
            "with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):\n"
            "    try:\n        main()\n    except SystemExit:\n        pass"
        )
        assert _loaded_after(code) == set()

    def test_version(self) -> None:
        """`python -m symrnn --version` says the package's own."""
        done = subprocess.run(
            [sys.executable, "-m", "symrnn", "--version"], capture_output=True, text=True, check=True, timeout=60
        )
        assert symrnn.__version__ in done.stdout
        assert done.stderr == ""

    def test_first_use_of_a_name_imports_its_home_only(self) -> None:
        """A cell needs no SciPy, no Matplotlib."""
        assert not _loaded_after("import symrnn\nsymrnn.cells.rnn()") & {"scipy", "matplotlib", "hypothesis"}
