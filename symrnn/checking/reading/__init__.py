"""From a person's text to claims: Markdown, LaTeX files, notebooks and plain text, read within counted budgets."""
