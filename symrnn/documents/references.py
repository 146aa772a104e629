"""The papers that cells and theorems are cited from, by key: as one line for people, as BibTeX for LaTeX."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Reference:
    """One paper; `place` is what BibTeX calls the journal, the proceedings or the archive."""

    kind: str
    authors: tuple[str, ...]
    title: str
    place: str
    year: int
    numbers: tuple[tuple[str, str], ...] = ()
    """volume, number, pages, doi, eprint, as BibTeX names them."""


REFERENCES: Mapping[str, Reference] = MappingProxyType(
    {
        "elman1990": Reference(
            "article",
            ("Jeffrey L. Elman",),
            "Finding Structure in Time",
            "Cognitive Science",
            1990,
            (("volume", "14"), ("number", "2"), ("pages", "179--211"), ("doi", "10.1207/s15516709cog1402_1")),
        ),
        "werbos1990": Reference(
            "article",
            ("Paul J. Werbos",),
            "Backpropagation Through Time: What It Does and How to Do It",
            "Proceedings of the IEEE",
            1990,
            (("volume", "78"), ("number", "10"), ("pages", "1550--1560"), ("doi", "10.1109/5.58337")),
        ),
        "hochreiter1997": Reference(
            "article",
            ("Sepp Hochreiter", "Jürgen Schmidhuber"),
            "Long Short-Term Memory",
            "Neural Computation",
            1997,
            (("volume", "9"), ("number", "8"), ("pages", "1735--1780"), ("doi", "10.1162/neco.1997.9.8.1735")),
        ),
        "gers2000": Reference(
            "article",
            ("Felix A. Gers", "Jürgen Schmidhuber", "Fred Cummins"),
            "Learning to Forget: Continual Prediction with LSTM",
            "Neural Computation",
            2000,
            (("volume", "12"), ("number", "10"), ("pages", "2451--2471"), ("doi", "10.1162/089976600300015015")),
        ),
        "pascanu2013": Reference(
            "inproceedings",
            ("Razvan Pascanu", "Tomas Mikolov", "Yoshua Bengio"),
            "On the Difficulty of Training Recurrent Neural Networks",
            "Proceedings of the 30th International Conference on Machine Learning",
            2013,
            (("pages", "1310--1318"),),
        ),
        "cho2014": Reference(
            "inproceedings",
            (
                "Kyunghyun Cho",
                "Bart van Merriënboer",
                "Caglar Gulcehre",
                "Dzmitry Bahdanau",
                "Fethi Bougares",
                "Holger Schwenk",
                "Yoshua Bengio",
            ),
            "Learning Phrase Representations Using RNN Encoder--Decoder for Statistical Machine Translation",
            "Proceedings of EMNLP 2014",
            2014,
            (("pages", "1724--1734"), ("doi", "10.3115/v1/D14-1179")),
        ),
        "chung2014": Reference(
            "misc",
            ("Junyoung Chung", "Caglar Gulcehre", "Kyunghyun Cho", "Yoshua Bengio"),
            "Empirical Evaluation of Gated Recurrent Neural Networks on Sequence Modeling",
            "arXiv:1412.3555",
            2014,
            (("eprint", "1412.3555"), ("archiveprefix", "arXiv")),
        ),
        "pytorch": Reference(
            "inproceedings",
            ("Adam Paszke", "Sam Gross", "Francisco Massa", "Adam Lerer", "James Bradbury"),
            "PyTorch: An Imperative Style, High-Performance Deep Learning Library",
            "Advances in Neural Information Processing Systems",
            2019,
            (("volume", "32"),),
        ),
        "keras": Reference("misc", ("François Chollet", "others"), "Keras", "https://keras.io", 2015),
    }
)
"""Every paper a cell or a theorem names."""

_PLACES = {"article": "journal", "inproceedings": "booktitle", "misc": "howpublished"}
_MOST_AUTHORS = 4


def cited(key: str) -> str:
    """A reference as one line; a key without one stays as it is.

    >>> cited("elman1990")
    'Jeffrey L. Elman: Finding Structure in Time. Cognitive Science 14 (1990).'
    """
    found = REFERENCES.get(key)
    if found is None:
        return key
    authors = found.authors if len(found.authors) <= _MOST_AUTHORS else (*found.authors[:1], "et al.")
    names = ", ".join(authors).replace(", et al.", " et al.").replace(", others", " et al.")
    volume = dict(found.numbers).get("volume")
    title = found.title.replace("--", "–")
    return f"{names}: {title}. {found.place}{f' {volume}' if volume else ''} ({found.year})."


def to_bib(keys: Iterable[str]) -> str:
    """BibTeX entries in the order of the keys; keys without a reference are left out.

    >>> print(to_bib(["chung2014"]).splitlines()[0])
    @misc{chung2014,
    """
    return "\n".join(_entry(key, REFERENCES[key]) for key in keys if key in REFERENCES)


def _entry(key: str, reference: Reference) -> str:
    fields = [
        ("author", " and ".join(reference.authors)),
        ("title", f"{{{reference.title}}}"),
        (_PLACES[reference.kind], reference.place),
        ("year", str(reference.year)),
        *reference.numbers,
    ]
    lines = [f"  {name} = {{{value}}}," for name, value in fields]
    return "\n".join((f"@{reference.kind}{{{key},", *lines, "}", ""))
