"""The command line: `symrnn derive`, `evaluate`, `cells`, `new`."""

from symrnn.cli.group import main as main
