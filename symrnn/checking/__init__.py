"""A hand calculation, read and judged: every equality, the first wrong line, what follows from it, and why."""
