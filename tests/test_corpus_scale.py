"""Corpora of many parts: the same bytes however they are made, and nothing made twice."""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from corpus.build import build
from corpus.fingerprint import Shares
from corpus.mix import MixError
from corpus.outcome import Built
from corpus.settings import CorpusSettings, CorpusSystem, SourceSettings
from hub.disk import sha256_file

WORDS = [f"mot{number}é" for number in range(2000)]


def sources(tmp_path: Path, files: int = 6, each: int = 30) -> Path:
    """Two sources of several files each, a fifth of their documents copies or near copies."""
    chance = random.Random(6)
    texts: list[str] = []
    for name in ("a", "b"):
        folder = tmp_path / "data" / name
        folder.mkdir(parents=True)
        for number in range(files):
            rows = []
            for row in range(each):
                if texts and chance.random() < 0.2:
                    text = chance.choice(texts)
                    text = text.upper() if chance.random() < 0.5 else text + " et la fin"
                else:
                    text = " ".join(chance.choices(WORDS, k=chance.randint(20, 90)))
                texts.append(text)
                language = "en" if chance.random() < 0.5 else "fr"
                id = f"{name}{number}-{row}"
                rows.append({"id": id, "text": text, "language": language, "licence": "CC0"})
            lines = "".join(json.dumps(entry) + "\n" for entry in rows)
            (folder / f"{number}.jsonl").write_text(lines, "utf-8")
    return tmp_path / "data"


SOURCES = {
    name: SourceSettings(reader="jsonl", files=f"{name}/*.jsonl", terms={"licence": "CC0-1.0"})
    for name in ("a", "b")
}


def made(
    data: Path,
    out: Path,
    cache: Path | None = None,
    workers: int = 1,
    system: CorpusSystem | None = None,
    tasks: dict[str, Path] | None = None,
    shares: Shares | None = None,
    chosen: dict[str, SourceSettings] | None = None,
    tokenizer: Path | None = None,
    **settings: Any,
) -> Built:
    chosen = chosen or SOURCES
    corpus = CorpusSettings(sources=tuple(chosen), use="commercial", **{"shards": 3} | settings)
    return build(
        corpus, chosen, data, tasks or {}, shares or Shares(0.1, 0.1), workers,
        out / "out", out / "excluded", out / "scratch", lambda line: None,
        cache=cache or out / "cache", system=system, tokenizer=tokenizer,
    )  # fmt: skip


def content(out: Path) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): sha256_file(path)
        for folder in ("out", "excluded")
        for path in sorted((out / folder).rglob("*"))
        if path.is_file()
    }


def ledger(out: Path) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in pq.read_table(out / "out/ledger.parquet").to_pylist()}


def test_any_number_of_workers_gives_the_same_bytes(tmp_path):
    data = sources(tmp_path)
    made(data, tmp_path / "one")
    made(data, tmp_path / "two", workers=2)
    assert content(tmp_path / "one") == content(tmp_path / "two")
    assert len(content(tmp_path / "one")) == 8


@pytest.mark.parametrize("dedup", ["exact", "verified", "loose"])
def test_every_trail_ends_at_a_document_that_is_kept(tmp_path, dedup):
    made(sources(tmp_path), tmp_path / "out", dedup=dedup)
    rows = ledger(tmp_path / "out")
    assert len(rows) == 360
    copies = [row for row in rows.values() if row["kept_id"]]
    assert len(copies) > 30
    for row in rows.values():
        assert (row["kept_id"] != "") == (row["reason"] in ("duplicate", "near_duplicate"))
        if row["kept_id"]:
            assert rows[row["kept_id"]]["status"] == "kept"
            assert 0.45 <= row["similarity"] <= 1.0


def test_near_copies_are_never_on_two_sides(tmp_path):
    data, near = sources(tmp_path), {}
    for split in ("train", "validation", "held_out"):
        made(data, tmp_path / split, cache=tmp_path / "cache", split=split)
        near[split] = ledger(tmp_path / split)
    texts = {
        row["id"]: row["text"].casefold().removesuffix(" et la fin")
        for path in sorted(data.rglob("*.jsonl"))
        for row in map(json.loads, path.read_text("utf-8").splitlines())
    }
    sides: dict[str, set[str]] = {}
    for split, rows in near.items():
        for id, row in rows.items():
            if row["status"] == "kept":
                sides.setdefault(texts[id], set()).add(split)
    assert {len(splits) for splits in sides.values()} == {1}
    moved = [row for row in near["train"].values() if "by its near copy" in row["rule"]]
    assert moved


def stamps(cache: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}


def test_a_changed_setting_repeats_only_what_it_decides(tmp_path):
    data, cache = sources(tmp_path), tmp_path / "cache"
    made(data, tmp_path / "first", cache=cache)
    before = stamps(cache)
    assert len([path for path in before if path.suffix == ".facts"]) == 6
    made(data, tmp_path / "exact", cache=cache, dedup="exact")
    made(data, tmp_path / "held", cache=cache, split="held_out")
    assert stamps(cache) == before
    made(data, tmp_path / "loose", cache=cache, dedup="loose")
    after = stamps(cache)
    assert {path: after[path] for path in before} == before
    assert all("signatures" in str(path) for path in after.keys() - before.keys())
    with (data / "b" / "0.jsonl").open("a") as lines:
        lines.write(json.dumps({"id": "new", "text": "un texte de plus", "licence": "CC0"}) + "\n")
    made(data, tmp_path / "changed", cache=cache)
    fresh = stamps(cache).keys() - after.keys()
    assert fresh and all("/b-" in str(path) for path in fresh)
    made(data, tmp_path / "clean", workers=1)
    assert content(tmp_path / "changed") == content(tmp_path / "clean")


KILLED = """
import sys, time
sys.path.insert(0, {root!r})
from tests.test_corpus_scale import made, SOURCES
from pathlib import Path
made(Path({data!r}), Path({out!r}), workers=2, shards=6)
"""


def test_a_killed_run_goes_on_and_gives_the_same_bytes(tmp_path):
    data = sources(tmp_path, files=12, each=60)
    made(data, tmp_path / "whole", shards=6)
    root = str(Path(__file__).parent.parent)
    code = KILLED.format(root=root, data=str(data), out=str(tmp_path / "killed"))
    process = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
    cache = tmp_path / "killed" / "cache"
    deadline = time.monotonic() + 60
    while not list(cache.rglob("*.facts")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = {p: t for p, t in stamps(cache).items() if p.suffix == ".facts"}
    assert before
    assert not (tmp_path / "killed/out/statistics.json").exists()
    made(data, tmp_path / "killed", shards=6)
    after = stamps(cache)
    assert {path: after[path] for path in before} == before
    assert content(tmp_path / "killed") == content(tmp_path / "whole")


def test_the_mix_is_filled_to_its_budget_and_says_what_it_got(tmp_path):
    data = sources(tmp_path)
    first = {"other_languages": ["en"]}
    mix = {"budget": 10_000, "parts": [first, {"languages": ["en"], "fill": True}]}
    built = made(data, tmp_path / "filled", cache=tmp_path / "cache", mix=mix)
    rows = [row for row in ledger(tmp_path / "filled").values() if row["status"] == "kept"]
    numbers = {name: entry.value for name, entry in built.corpus.numbers.items()}
    assert numbers["mix_0_obtained"] == numbers["mix_0_asked"]
    assert numbers["mix_0_asked"] + numbers["mix_1_asked"] == 10_000
    assert 0 <= numbers["mix_1_asked"] - numbers["mix_1_obtained"] < 100
    assert sum(row["num_words"] for row in rows) == numbers["words"]
    whole = made(data, tmp_path / "whole", cache=tmp_path / "cache")
    french = [r for r in ledger(tmp_path / "whole").values() if r["language"] == "fr"]
    kept = {row["id"] for row in rows}
    assert {row["id"] for row in french if row["status"] == "kept"} <= kept
    assert whole.corpus.numbers["words"].value > 10_000
    more = mix | {"budget": 10_500}
    made(data, tmp_path / "more", cache=tmp_path / "cache", mix=more)
    grown = {r["id"] for r in ledger(tmp_path / "more").values() if r["status"] == "kept"}
    assert kept < grown


def test_proportions_of_the_whole(tmp_path):
    shares = [{"sources": ["a"], "share": 0.75}, {"sources": ["b"], "share": 0.25}]
    made(sources(tmp_path), tmp_path / "out", mix={"parts": shares})
    words = {"a": 0, "b": 0}
    for row in ledger(tmp_path / "out").values():
        words[row["source"]] += row["num_words"] if row["status"] == "kept" else 0
    assert words["a"] / (words["a"] + words["b"]) == pytest.approx(0.75, abs=0.02)


def test_a_mix_may_be_counted_in_tokens(tmp_path):
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    letters = Tokenizer(models.WordLevel({"?": 0}, unk_token="?"))
    letters.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    letters.save(str(tmp_path / "tokenizer.json"))
    mix = {"budget": 20_000, "unit": "tokens", "tokenizer": "base",
           "parts": [{"sources": ["a"], "share": 0.25},
                     {"sources": ["b"], "fill": True}]}  # fmt: skip
    built = made(sources(tmp_path), tmp_path / "out", mix=mix, tokenizer=tmp_path)
    numbers = {name: number.value for name, number in built.corpus.numbers.items()}
    kept = pq.read_table(tmp_path / "out" / "out" / "data").to_pylist()
    assert (numbers["mix_0_asked"], numbers["mix_1_asked"]) == (5_000, 15_000)
    for part, source in enumerate(("a", "b")):
        size = sum(len(row["text"]) for row in kept if row["source"] == source)
        assert numbers[f"mix_{part}_obtained"] == size
        assert 0 <= numbers[f"mix_{part}_asked"] - size < 1_000


def test_what_was_looked_for_and_not_found_is_a_nought(tmp_path):
    numbers = made(sources(tmp_path, files=1), tmp_path / "out", names=False).corpus.numbers
    assert [numbers[f"personal_{kind}"].value for kind in ("email", "phone")] == [0, 0]
    assert numbers["excluded_licence"].value == 0
    assert not {"personal_name", "excluded_contaminated"} & numbers.keys()


@pytest.mark.parametrize(
    ("mix", "message"),
    [
        ({"parts": [{"amount": 10**9}]}, "asks for 1000000000 words of all sources and there are"),
        ({"budget": 10, "parts": [{"sources": ["a"]}, {"fill": True}]}, "nothing to fill"),
        ({"budget": 10, "parts": [{}]}, "its budget is 10"),
    ],
)
def test_a_mix_that_cannot_be_is_one_sentence(tmp_path, mix, message):
    with pytest.raises(MixError, match=message):
        made(sources(tmp_path, files=1), tmp_path / "out", mix=mix)


def test_repeated_lines_go_and_are_listed(tmp_path):
    data = sources(tmp_path, files=2)
    for path in data.rglob("*.jsonl"):
        rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for row in rows:
            row["text"] = (
                f"Journal de médecine en ligne\n{row['text']}\nDose de 5 mg par jour\n"
                "Pas de douleur\nReproduction interdite sans accord"
            )
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    made(data, tmp_path / "out", boilerplate={"min_documents": 20, "min_share": 0.5})
    texts = pq.read_table(tmp_path / "out/out/data").column("text").to_pylist()
    assert not any("Journal de médecine" in text or "Reproduction" in text for text in texts)
    assert all(text.count("Dose de 5 mg par jour") == 1 for text in texts)
    listed = pq.read_table(tmp_path / "out/out/boilerplate.parquet").to_pylist()
    assert {row["line"] for row in listed} >= {"Reproduction interdite sans accord"}
    assert {row["documents"] for row in listed} == {60}


LONG = " ".join(WORDS[100:116])
SHORT = "quelle est la posologie"


def planted(tmp_path: Path) -> tuple[Path, dict[str, Path]]:
    """A long and a short test question in a document each, and two that only look like it."""
    data = sources(tmp_path)
    filler = " ".join(WORDS[500:540])
    texts = {
        "long": f"{filler} {LONG} {filler}",
        "short": f"{filler} {SHORT.capitalize()} ? Réponse : dix milligrammes. {filler}",
        "no option": f"{filler} {SHORT} {filler} autre",
        "option far away": f"{SHORT} {filler} {filler} dix milligrammes",
    }
    rows = [{"id": id, "text": text, "licence": "CC0"} for id, text in texts.items()]
    (data / "a" / "z.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    options = ["dix milligrammes", "vingt comprimés"]
    items = {
        "cloze": [{"id": "q1", "context": LONG, "options": ["oui", "non"], "answer": 0}],
        "exam": [{"id": "q2", "context": SHORT, "options": options, "answer": 1}],
    }
    tasks = {}
    for name, entries in items.items():
        tasks[name] = tmp_path / f"{name}.jsonl"
        tasks[name].write_text("".join(json.dumps(entry) + "\n" for entry in entries), "utf-8")
    return data, tasks


@pytest.mark.parametrize(("policy", "action"), [("drop", "dropped"), ("flag", "flagged")])
def test_planted_questions_are_found_and_reported_by_item(tmp_path, policy, action):
    data, tasks = planted(tmp_path)
    built = made(data, tmp_path / "out", tasks=tasks, contaminated=policy, shares=Shares(0, 0))
    rows = ledger(tmp_path / "out")
    gone = {id for id, row in rows.items() if row["reason"] == "contaminated"}
    assert gone == ({"long", "short"} if policy == "drop" else set())
    hits = pq.read_table(tmp_path / "out/out/hits.parquet").to_pylist()
    assert [(h["document"], h["task"], h["item"], h["action"]) for h in hits] == [
        ("long", "cloze", "q1", action), ("short", "exam", "q2", action),
    ]  # fmt: skip
    # of the 5 windows of 13 words the one with the answer is not there
    assert [hit["containment"] for hit in hits] == [0.8, 1.0]
    assert built.corpus.numbers["contaminated_exam"].value == 1
    assert "out/hits.parquet" in content(tmp_path / "out")


FAKE_SBATCH = """\
    #!/usr/bin/env bash
    # Runs what it is given, as the array that its directives ask for; says a job number.
    set -e
    for script; do :; done
    bash -n "$script"
    grep -q '^#SBATCH --partition=cpu$' "$script"
    grep -q '^#SBATCH --wait$' "$script"
    grep -q '^#SBATCH --account=med$' "$script"
    cp "$script" "$FAKE_SLURM/job-$$.slurm"
    range=$(sed -n 's/^#SBATCH --array=0-\\([0-9]*\\).*/\\1/p' "$script")
    for task in $(seq 0 "$range"); do
        export SLURM_ARRAY_TASK_ID=$task SLURM_JOB_ID=7 SLURM_NODELIST=here
        bash "$script" >> "$FAKE_SLURM/log" 2>&1
    done
    echo "Submitted batch job 7"
    """


FAKE_SRUN = """\
    #!/usr/bin/env bash
    while [[ $1 == -* ]]; do [[ $1 == -n ]] && shift; shift; done
    exec "$@"
    """


def fake_slurm(folder: Path) -> None:
    folder.mkdir()
    commands = {
        "sbatch": FAKE_SBATCH,
        "srun": FAKE_SRUN,
        "scontrol": "#!/usr/bin/env bash\necho here\n",
    }
    for name, script in commands.items():
        (folder / name).write_text(textwrap.dedent(script))
        (folder / name).chmod(0o755)


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_slurm_scripts_run_and_give_the_same_bytes(tmp_path, monkeypatch):
    data = sources(tmp_path, files=2)
    one = {"a": SOURCES["a"]}
    made(data, tmp_path / "here", shards=2, chosen=one)
    fake_slurm(tmp_path / "bin")
    monkeypatch.setenv("FAKE_SLURM", str(tmp_path / "bin"))
    scripts = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{scripts}:{os.environ['PATH']}")
    nothing = tmp_path / "activate"
    nothing.write_text("")
    system = CorpusSystem(
        executor="slurm", partition="cpu", activate=str(nothing), sbatch={"account": "med"}
    )
    made(data, tmp_path / "there", shards=2, system=system, chosen=one)
    assert content(tmp_path / "here") == content(tmp_path / "there")
    assert len(list((tmp_path / "bin").glob("job-*.slurm"))) == 6


def test_a_ray_cluster_gives_the_same_bytes(tmp_path, ray_cluster):
    data = sources(tmp_path, files=2)
    made(data, tmp_path / "here", shards=2)
    system = CorpusSystem(executor="ray", workers=2, memory_gb=0.5, address=ray_cluster)
    made(data, tmp_path / "there", shards=2, system=system)
    assert content(tmp_path / "here") == content(tmp_path / "there")


@pytest.fixture
def ray_cluster(tmp_path, monkeypatch):
    """Started as an administrator would; its address."""
    pytest.importorskip("ray")
    # Sockets lie in it, whose paths may have 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    # A node ends where its agent needs more than 15 seconds to start. Each of Ray's six processes
    # would spend 3 of them on the grammar of addresses that jsonschema loads where it is installed.
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "rfc3987_syntax.py").write_text("raise ImportError\n")
    path = os.environ.get("PYTHONPATH", "")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'absent'}:{path}".rstrip(":"))
    for _ in range(3):
        head, address = ray_head(folder)
        try:
            if has_started(head, folder / "start.log"):
                yield address
                return
        finally:
            if head.poll() is None:
                os.killpg(head.pid, signal.SIGTERM)
            head.wait(60)
            shutil.rmtree(folder, ignore_errors=True)
    pytest.skip("Ray gives the agent of a node 15 seconds to start, and this machine was too busy")


def ray_head(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    names = ("port", "metrics-export-port", "dashboard-agent-grpc-port",
             "dashboard-agent-listen-port", "runtime-env-agent-port")  # fmt: skip
    ports = free_ports(len(names))
    command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start",
               "--head", "--block", "--num-cpus=2", f"--object-store-memory={80 << 20}",
               "--include-dashboard=false", "--no-monitor", "--disable-usage-stats",
               f"--temp-dir={folder}",
               *(f"--{name}={port}" for name, port in zip(names, ports, strict=True))]  # fmt: skip
    folder.mkdir(exist_ok=True)
    with (folder / "start.log").open("wb") as log:
        head = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    return head, f"127.0.0.1:{ports[0]}"


def has_started(head: subprocess.Popen[bytes], log: Path) -> bool:
    deadline = time.monotonic() + 120
    while "runtime started" not in log.read_text() and time.monotonic() < deadline:
        if head.poll() is not None:
            assert "Failed to get node info" in log.read_text(), log.read_text()
            return False
        time.sleep(0.2)
    return True


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
