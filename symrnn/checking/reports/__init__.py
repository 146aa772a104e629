"""A report as text, JSON, SARIF, GitHub annotations, or the annotated document itself."""
