"""Kinds of tasks, a module for each: what they ask of a model, and the part of a sheet they make."""
