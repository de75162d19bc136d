"""The Space, watched until it runs what was promoted; otherwise the previous one comes back."""

import time
from typing import NamedTuple

from huggingface_hub import HfApi

from hub.failure import Unexpected
from hub.publish.patience import patiently
from hub.publish.promotion import promote
from hub.publish.remote import Address, see

PATIENCE_SECONDS = 900
"""Building an image on the Hub takes minutes."""
_POLL_SECONDS = 2.0
_RUNNING = frozenset({"RUNNING", "RUNNING_APP_STARTING", "SLEEPING"})
_FAILED = frozenset(
    {"NO_APP_FILE", "CONFIG_ERROR", "BUILD_ERROR", "RUNTIME_ERROR", "DELETING", "STOPPED", "PAUSED"}
)


class State(NamedTuple):
    stage: str
    commit: str | None
    """what it was built from, where the Hub says so"""


def state(api: HfApi, where: Address) -> State:
    runtime = patiently(lambda: api.get_space_runtime(where.id))
    commit = runtime.raw.get("sha")
    return State(str(runtime.stage), None if commit is None else str(commit))


def watch(
    api: HfApi,
    where: Address,
    commit: str,
    before: str | None,
    digest: str,
    patience: float = PATIENCE_SECONDS,
) -> str:
    """Its stage once it runs at `commit`.

    Otherwise the commit `before` is promoted again (None: it is made private, there was none) and
    Unexpected is raised.
    """
    deadline = time.monotonic() + patience
    while True:
        now = state(api, where)
        if now.stage in _RUNNING and now.commit in (commit, None):
            return now.stage
        if now.stage in _FAILED and now.commit in (commit, None):
            why = f"it is {now.stage}"
            break
        if time.monotonic() > deadline:
            why = f"it is still {now.stage} after {patience:.0f} s"
            break
        time.sleep(_POLL_SECONDS)
    restored = restore(api, where, before, digest)
    raise Unexpected(f"{where.id} does not run at {commit[:8]}: {why}; {restored}")


def restore(api: HfApi, where: Address, before: str | None, digest: str) -> str:
    """Put back what was there; says what was done."""
    if before is None:
        patiently(lambda: api.update_repo_settings(where.id, repo_type=where.type, private=True))
        return "it was made private, there was no earlier one"
    current = see(api, where)
    if current is not None:
        promote(api, where, current, before, "The release before, restored", digest)
    return f"the Space of before ({before[:8]}) is back"
