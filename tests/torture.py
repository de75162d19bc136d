"""Publication, tortured: `python -m torture --kills 200 --chaos 200`; the tests run a sample.

A small release of four repos is published twice (0.1.0, then 0.2.0 over it) in a namespace of its
own, by the real client in a process of its own, to a rehearsal Hub. In a run with kills the process
gets SIGKILL before, after or during a request that a seed draws; in a run with chaos the Hub
misbehaves. It is run again until it says that it is done. After every end, and from the whole
history of every `main` (so at all times, not at those when somebody looked):

- each repo's `main` is its first, its old or its new complete state;
- every `release.json` that ever was names commits that held just what it says;
- no repo is public before all are complete;
- in the end files, tags, branches, visibility and collection are those of an undisturbed run.

Publishers are forked from a process that has imported the client, which makes them cheap to start.
"""

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from dulwich.repo import Repo as GitRepo

from hub.manifest import describe_files
from hub.publication import RELEASE, Publication, Repo, RepoType, digest_of, read_publication
from hub.rehearsal.serve import running

TOKEN = "hf_tortured_0123456789"
VERSIONS = ("0.1.0", "0.2.0")
KINDS: tuple[tuple[str, RepoType], ...] = (
    ("corpus", "dataset"), ("model", "model"), ("results", "dataset"), ("space", "space"),
)  # fmt: skip
ATTEMPTS = 30
CALM = "calm"


def make_publication(
    folder: Path, namespace: str, version: str, num_bytes: int = 20_000
) -> Publication:
    """Four repos that differ between versions, and files that do not."""
    chance = random.Random(version)
    repos = []
    for name, kind in KINDS:
        content = folder / kind / namespace / name
        content.mkdir(parents=True)
        header = "sdk: gradio\napp_file: app.py" if kind == "space" else "license: cc0-1.0"
        (content / "README.md").write_text(f"---\n{header}\n---\n# {name} {version}\n")
        (content / "app.py").write_text(f"print({version!r})\n")
        (content / "weights.safetensors").write_bytes(chance.randbytes(num_bytes))
        (content / "kept.safetensors").write_bytes(name.encode() * 1000)
        if version == VERSIONS[0]:
            (content / "gone.txt").write_text("only in the first version\n")
        paths = [path.name for path in content.iterdir()]
        repos.append(
            Repo(
                type=kind, id=f"{namespace}/{name}", artefact=name,
                kind="results" if name == "results" else kind, digest="",
                files=describe_files(content, paths),
            )
        )  # fmt: skip
    publication = Publication(
        release="tortured", version=version, namespace=namespace,
        digest=digest_of(tuple(repos)), repos=tuple(repos),
    )  # fmt: skip
    (folder / "publication.json").write_text(publication.model_dump_json())
    return publication


@dataclass(frozen=True)
class Death:
    """When a publisher dies: at a request, or some time after it was sent."""

    request: int
    when: str
    """before, after or during"""


NEVER = Death(0, "before")


@dataclass(frozen=True)
class Ended:
    status: int | None
    """exit code; None where it was killed"""
    said: str
    requests: int = 0
    """that it sent, where it came to its end"""


def publish_once(folder: Path, url: str, home: Path, death: Death | None, xet: bool) -> Ended:
    """Fork a publisher, wait for its end."""
    home.mkdir(parents=True, exist_ok=True)
    log, counted = home / "said.txt", home / "requests.txt"
    counted.write_text("0")
    child = os.fork()
    if child == 0:
        try:
            os._exit(_publisher(folder, url, home, log, death, xet))
        finally:
            os._exit(70)
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    code = None if killed else os.waitstatus_to_exitcode(status)
    return Ended(code, log.read_text(), int(counted.read_text()))


def _publisher(
    folder: Path, url: str, home: Path, log: Path, death: Death | None, xet: bool
) -> int:
    """In the child: the command itself, its output to a file."""
    import huggingface_hub
    from huggingface_hub import constants

    from hub.publish.__main__ import main

    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    constants.HF_HUB_DISABLE_XET = not xet
    constants.HF_XET_CACHE = str(home / "xet")
    os.environ["HF_TOKEN"] = TOKEN
    counted = [0]
    huggingface_hub.set_client_factory(lambda: _mortal_client(death or NEVER, counted))
    try:
        return main(["publish", str(folder), "--endpoint", url, "--patience", "20"])
    finally:
        (home / "requests.txt").write_text(str(counted[0]))


def _mortal_client(death: Death, counted: list[int]) -> Any:
    """The client's own, with hooks that count requests."""
    from huggingface_hub.utils._http import default_client_factory

    client = default_client_factory()

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def sent(request: Any) -> None:
        counted[0] += 1
        if counted[0] == death.request and death.when == "before":
            die()
        if counted[0] == death.request and death.when == "during":
            delay = random.Random(death.request).random() / 30
            threading.Timer(delay, die).start()

    def answered(response: Any) -> None:
        if counted[0] == death.request and death.when == "after":
            die()

    client.event_hooks["request"].append(sent)
    client.event_hooks["response"].append(answered)
    return client


Tree = frozenset[tuple[str, bytes]]
_NOT_CONTENT = (b".gitattributes", RELEASE.encode())


def tree_of(git: GitRepo, commit: bytes) -> Tree:
    """Path and blob id of every file of a commit, without what is not content."""
    found = git.object_store.iter_tree_contents(git[commit].tree)  # type: ignore[attr-defined]
    return frozenset(
        (entry.path.decode(), entry.sha) for entry in found if entry.path not in _NOT_CONTENT
    )


class Observer:
    """Reads a rehearsal Hub's repos on its disk, beside the server."""

    def __init__(self, root: Path, namespace: str) -> None:
        self._root, self._namespace = root, namespace

    def git(self, name: str, kind: str) -> GitRepo | None:
        path = self._root / "repos" / f"{kind}s" / self._namespace / f"{name}.git"
        return GitRepo(str(path)) if (path / "hub.json").is_file() else None

    def history(self, name: str, kind: str) -> list[tuple[bytes, Tree]]:
        """Every state that `main` was ever in, the oldest first; commits only ever go on top."""
        git = self.git(name, kind)
        if git is None:
            return []
        with git:
            walked = git.get_walker(include=[git.refs[b"refs/heads/main"]], reverse=True)
            return [(entry.commit.id, tree_of(git, entry.commit.id)) for entry in walked]

    def releases(self) -> list[dict[str, Any]]:
        """Every `release.json` that was ever on the results repo's `main`."""
        git = self.git("results", "dataset")
        if git is None:
            return []
        found: dict[bytes, dict[str, Any]] = {}
        with git:
            for entry in git.get_walker(include=[git.refs[b"refs/heads/main"]], reverse=True):
                for item in git.object_store.iter_tree_contents(entry.commit.tree):
                    if item.path == RELEASE.encode():
                        found[item.sha] = json.loads(git[item.sha].data)  # type: ignore[attr-defined]
        return list(found.values())

    def public(self, name: str, kind: str) -> bool:
        path = self._root / "repos" / f"{kind}s" / self._namespace / f"{name}.git" / "hub.json"
        return path.is_file() and json.loads(path.read_bytes())["visibility"] == "public"

    def end(self) -> dict[str, Any]:
        """What a reader finds, without commit ids and the namespace's name."""
        state: dict[str, Any] = {}
        for name, kind in KINDS:
            git = self.git(name, kind)
            if git is None:
                return {"missing": name}
            with git:
                refs = {k.decode(): v for k, v in git.get_refs().items() if k != b"HEAD"}
                trees = {ref: sorted(tree_of(git, oid)) for ref, oid in sorted(refs.items())}
            state[name] = {"trees": str(trees), "public": self.public(name, kind)}
        release = self.releases()[-1]
        for repo in release["repos"]:
            repo["commit"] = ""
        text = json.dumps(release).replace(f'"{self._namespace}/', '"NAMESPACE/')
        state["release"] = {k: v for k, v in json.loads(text).items() if not k.endswith("_digest")}
        shelf = json.loads((self._root / "collections.json").read_bytes())
        state["collection"] = [
            [item["id"].replace(self._namespace, "") for item in one["items"]]
            for one in shelf if one["owner"] == self._namespace
        ]  # fmt: skip
        return state


@dataclass(frozen=True)
class Reference:
    """What an undisturbed run gives: the states each repo may be in, and the end."""

    states: dict[str, list[Tree]]
    """by repo: first, 0.1.0, 0.2.0"""
    end: dict[str, Any]
    requests: list[int]
    """by version: how many it takes, which is when a publisher can be killed"""

    def faults(self, observer: Observer) -> Iterator[str]:
        """Everything that was ever wrong, by one sentence each."""
        histories = {name: observer.history(name, kind) for name, kind in KINDS}
        for name, history in histories.items():
            for commit, tree in history:
                if tree not in self.states[name]:
                    yield f"{name} was half-done at {commit.decode()[:8]}"
        for release in observer.releases():
            expected = VERSIONS.index(release["version"]) + 1
            for repo in release["repos"]:
                name = repo["id"].rpartition("/")[2]
                held = dict(histories[name]).get(repo["commit"].encode())
                if held != self.states[name][expected]:
                    yield f"release.json of {release['version']} names a {name} that is not whole"
        complete = all(len(h) > 1 for h in histories.values())
        if not complete and any(observer.public(name, kind) for name, kind in KINDS):
            yield "a repo could be seen before all were complete"


@dataclass
class Run:
    """One disturbed release, from nothing to 0.2.0."""

    namespace: str
    kills: int = 0
    requests: list[int] = field(default_factory=list)
    """of the last attempt at each version"""
    attempts: int = 0
    refusals: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def torture_one(
    number: int, work: Path, root: Path, url: str, reference: Reference | None, kills: int
) -> Run:
    """Publish both versions until done, with `kills` kills between them; check after every end."""
    namespace = f"lab{number}" if reference else CALM
    run, observer = Run(namespace), Observer(root, namespace)
    draw = random.Random(number)
    home = work / namespace
    deaths = [draw.randrange(len(VERSIONS)) for _ in range(kills)]
    for position, version in enumerate(VERSIONS):
        folder = home / version
        make_publication(folder, namespace, version)
        last = reference.requests[position] if reference else 0
        pending = [
            Death(draw.randint(1, last), draw.choice(("before", "after", "during")))
            for at in deaths if at == position
        ]  # fmt: skip
        while run.attempts < ATTEMPTS:
            run.attempts += 1
            death = pending.pop() if pending else None
            ended = publish_once(folder, url, home / "home", death, xet=number % 4 == 3)
            run.kills += ended.status is None
            if reference is not None:
                run.faults += reference.faults(observer)
            if ended.status in (0, None):
                if ended.status == 0 and not pending:
                    run.requests.append(ended.requests)
                    break
                continue

            last = ended.said.strip().splitlines()[-1:] or [""]
            run.refusals.append(last[0])
            if not last[0].startswith("error: ") or "Traceback" in ended.said:
                run.faults.append(f"it ended with {ended.status} and said {ended.said[-400:]!r}")
        if TOKEN.encode() in (home / "home" / "said.txt").read_bytes():
            run.faults.append("it said the token")
    if reference is not None and not run.faults:
        end = observer.end()
        if end != reference.end:
            differs = [key for key in end if end[key] != reference.end.get(key)]
            run.faults.append(f"the end differs from an undisturbed run: {', '.join(differs)}")
    return run


def learn(work: Path, root: Path, url: str) -> Reference:
    """An undisturbed run, in a namespace of its own."""
    calm = torture_one(0, work, root, url, None, 0)
    observer = Observer(root, CALM)
    states = {}
    for name, kind in KINDS:
        seen = dict.fromkeys(tree for _, tree in observer.history(name, kind))
        states[name] = list(seen)
        if len(seen) != len(VERSIONS) + 1:
            raise RuntimeError(f"undisturbed, {name} went through {len(seen)} states")
    for number, version in enumerate(VERSIONS, 1):
        for repo in read_publication(work / CALM / version).repos:
            paths = {file.path for file in repo.files}
            if {path for path, _ in states[repo.artefact][number]} != paths:
                raise RuntimeError(f"undisturbed, {repo.id} does not hold {version}")
    return Reference(states, observer.end(), calm.requests)


def torture(folder: Path, runs: range, kills: int, chaos: str | None, jobs: int) -> list[Run]:
    """Runs with `kills` kills each, or against a Hub in `chaos`; `jobs` at a time."""
    import huggingface_hub.hf_api  # noqa: F401  (imported once, here, and not by every publisher)

    import hub.publish.__main__  # noqa: F401

    names = [CALM, *(f"lab{number}" for number in runs)]
    with ExitStack() as stack:
        calm_root, root = folder / "calm-hub", folder / "hub"
        calm = stack.enter_context(running(calm_root, {"someone": TOKEN}, [CALM]))
        reference = learn(folder / "work", calm_root, calm)
        url = stack.enter_context(running(root, {"someone": TOKEN}, names, chaos=chaos))
        results = folder / "runs"
        results.mkdir()
        waiting, alive = list(runs), set()
        while waiting or alive:
            if waiting and len(alive) < jobs:
                number = waiting.pop(0)
                child = os.fork()
                if child == 0:
                    try:
                        run = torture_one(number, folder / "work", root, url, reference, kills)
                        (results / f"{number}.json").write_text(json.dumps(asdict(run)))
                    finally:
                        os._exit(0)
                alive.add(child)
            else:
                ended, _ = os.wait()
                alive.discard(ended)
    return [Run(**json.loads((results / f"{number}.json").read_bytes())) for number in runs]


def prepare_environment(home: Path) -> None:
    """What the client reads when it is imported."""
    os.environ |= {
        "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m torture")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--chaos", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=4)
    arguments = parser.parse_args()
    faults = 0
    for what, count, jobs in (("kills", arguments.kills, arguments.jobs),
                              ("chaos", arguments.chaos, 3 * arguments.jobs)):  # fmt: skip
        began = time.monotonic()
        each = 2 if what == "kills" else 0
        first = arguments.seed * 1000 + 1
        if not count:
            continue
        if each:  # more: what is resumed has fewer requests, some that are drawn are never made
            count = -(-count * 8 // (5 * each))
        numbers = range(first, first + count)
        with tempfile.TemporaryDirectory() as folder:
            prepare_environment(Path(folder) / "home")
            chaos = str(arguments.seed) if what == "chaos" else None
            runs = torture(Path(folder), numbers, each, chaos, jobs)
        for run in runs:
            for fault in run.faults:
                print(f"{run.namespace}: {fault}", file=sys.stderr)
        bad = sum(bool(run.faults) for run in runs)
        faults += bad
        found = {
            "figure": f"torture, {what}", "runs": len(runs), "kills": sum(r.kills for r in runs),
            "attempts": sum(r.attempts for r in runs),
            "refusals": sum(len(r.refusals) for r in runs),
            "runs_with_faults": bad, "seconds": round(time.monotonic() - began),
        }  # fmt: skip
        print(json.dumps(found), flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
