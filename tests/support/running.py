"""How the laws are run: few examples, always the same ones, no deadline."""

from __future__ import annotations

from hypothesis import HealthCheck
from hypothesis import settings as options

few = options(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
"""Sixty random Programs."""
fewer = options(few, max_examples=25)
"""Where one Program takes long."""
