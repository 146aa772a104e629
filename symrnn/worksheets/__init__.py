"""Worksheets: a document with blanks, its key, its variants, and the marking of what comes back."""
