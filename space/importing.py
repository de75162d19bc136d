"""Importing Gradio in half the time.

For each of its 81 components Gradio parses its own source and renders a .pyi file anew, on every
import: nearly half of its 3.7 seconds. It leaves out components that lie in no file, so that is
what it is told; only editors read these stubs, and a Gradio that asks otherwise is imported as
slowly as ever. The garbage collector has nothing to find among what an import makes, and costs
another tenth.
"""

import gc
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def quickly() -> Iterator[None]:
    """While this is open, `inspect.getfile` knows the file of no Gradio component."""
    found = inspect.getfile

    def getfile(thing: Any) -> str:
        if type(thing).__name__ == "ComponentMeta":
            raise OSError("no stub is written for it")
        return found(thing)

    inspect.getfile = getfile
    gc.disable()
    try:
        yield
    finally:
        inspect.getfile = found
        gc.enable()
        gc.freeze()
