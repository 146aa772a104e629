"""Files as they are read everywhere: a bounded number of bytes, UTF-8, and errors in three parts."""

from __future__ import annotations

import os

from symrnn.errors import InputError

MOST_BYTES = 5_000_000
"""Of a file that a person writes by hand."""


def read_text(path: str | os.PathLike[str], most: int = MOST_BYTES, write: str = "a readable file") -> str:
    """The text of a file, with its lines ended as everywhere; `write` says what should be named instead.

    >>> read_text("nowhere.toml")
    Traceback (most recent call last):
        ...
    symrnn.errors.InputError: You wrote:  nowhere.toml
    Found:      the file cannot be read: No such file or directory
    Write:      a readable file
    """
    try:
        text = read_bytes(path, most, write).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(os.fspath(path), found="no UTF-8 text", write="a file saved as UTF-8") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: str | os.PathLike[str], most: int = MOST_BYTES, write: str = "a readable file") -> bytes:
    """A file's content; what is no file, and has no end, is read no further than a file is."""
    name = os.fspath(path)
    try:
        with open(path, "rb") as file:
            content = file.read(most + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise InputError(name, found=f"the file cannot be read: {reason}", write=write) from None
    if len(content) > most:
        raise InputError(name, found=f"a file of more than {most // 1_000_000} MB", write="a smaller one")
    return content
