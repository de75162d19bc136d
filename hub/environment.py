"""The environment of what we start: without secrets, unless it needs one.

    subprocess.Popen(command, env=without_secrets())
    with secrets_hidden(): pool = ProcessPoolExecutor(...)

A token that a worker inherits shows in its `/proc/PID/environ`, in the crash report of whatever
library it runs, in a scheduler's job record. What needs one is given it by name.
"""

import ctypes
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_SECRET = re.compile(
    r"(?:^|_)(?:TOKEN|KEY|SECRET|PASSWORD|PASSPHRASE|CREDENTIALS?)(?:_|$)", re.IGNORECASE
)


def is_secret(name: str) -> bool:
    """By the name of a variable: HF_TOKEN, OPENAI_API_KEY; not TOKENIZERS_PARALLELISM."""
    return _SECRET.search(name) is not None


def without_secrets(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment, or another, for a child that needs no secret."""
    known = os.environ if environment is None else environment
    return {name: value for name, value in known.items() if not is_secret(name)}


@contextmanager
def secrets_hidden() -> Iterator[None]:
    """What is started meanwhile inherits no secret, whoever starts it; then they are back."""
    hidden = {name: value for name, value in os.environ.items() if is_secret(name)}
    for name in hidden:
        _blank(name)
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(hidden)


def _blank(name: str) -> None:
    """Overwrite a value where it stands: a fork has a copy of the block that this process was
    started with, and deleting a variable takes only the pointer to it away."""
    library = ctypes.CDLL(None)
    library.getenv.restype = ctypes.c_void_p
    at = library.getenv(os.fsencode(name))
    if at:
        ctypes.memset(at, ord("*"), len(ctypes.string_at(at)))
