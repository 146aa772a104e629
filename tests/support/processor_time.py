"""The processor time something takes, without what other tests left behind."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

RUNS = 3


def seconds_of(run: Callable[[], object]) -> float:
    """Seconds of the quickest of three runs; objects that were there before are kept from the collector meanwhile.

    A suite of thousands of tests holds millions of objects, and whoever allocates next would pay for visiting them.
    """
    gc.collect()
    gc.freeze()
    try:
        return min(_once(run) for _ in range(RUNS))
    finally:
        gc.unfreeze()


def _once(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun
