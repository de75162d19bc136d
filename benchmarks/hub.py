"""How fast the rehearsal Hub takes files from the real client, how much memory that costs, and
what the transaction of a publication adds to a bare `upload_folder`.

    python -m benchmarks.hub --quick     within 50 s on two cores: one run of each
    python -m benchmarks.hub             medians of three runs, and a file of 2 GB for the memory
    python -m benchmarks.hub --only publication       seven pairs of 1 GB, about three minutes

One JSON object a line: figure, value, unit, what it is measured against, goal, whether it holds.
The client is huggingface_hub in a process of its own, imports not counted, with an empty cache;
both upload modes, Xet and LFS. Random bytes, which no encoding makes smaller. It is measured
against the same bytes hashed and written to the same disk by this process.
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.manifest import describe_files
from hub.publication import Publication, Repo, digest_of
from hub.rehearsal.serve import READY, server_environment

TOKEN = "hf_benchmark"  # noqa: S105
LARGE_BYTES = 400_000_000
HUGE_BYTES = 2_000_000_000
SMALL_FILES = 5_000
RANGE_BYTES = 1 << 16
RANGES = 300
PUBLISHED_BYTES = 1_000_000_000
QUICK_BYTES = 200_000_000
REPEATS = 3
PAIRS = 7
"""of a publication and a bare upload"""

CLIENT = r"""
import sys, time
from huggingface_hub import HfApi
api, (what, path, repo) = HfApi(), sys.argv[1:]
if what == "again":
    import huggingface_hub
    from huggingface_hub.utils._http import default_client_factory
    sent, listings, client = [], [], default_client_factory()
    def count(request):
        sent.append(int(request.headers.get("content-length", 0)))
        listings.extend([1] if "/tree/" in request.url.path else [])
    client.event_hooks["request"].append(count)
    huggingface_hub.set_client_factory(lambda: client)
    from pathlib import Path
    from hub.publish.transaction import publish
    publish(Path(path), api, lambda line: None)
    print(sum(sent), len(listings))
    sys.exit()
if what == "publication":
    from pathlib import Path
    from hub.publish.transaction import publish
    start = time.perf_counter()
    publish(Path(path), api, lambda line: None)
    print(time.perf_counter() - start)
    sys.exit()
api.create_repo(repo)
start = time.perf_counter()
if what == "file":
    api.upload_file(path_or_fileobj=path, path_in_repo="weights.bin", repo_id=repo)
else:
    api.upload_folder(folder_path=path, repo_id=repo)
print(time.perf_counter() - start)
"""


class Server(NamedTuple):
    url: str
    pid: int
    home: Path

    def peak_mib(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmHWM in /proc: peak memory is read on Linux only")


@contextmanager
def serving(folder: Path) -> Iterator[Server]:
    """A fresh rehearsal Hub below `folder`, gone with its repos when the block ends."""
    root = Path(tempfile.mkdtemp(dir=folder))
    users = root / "users.json"
    users.touch(mode=0o600)
    users.write_text(json.dumps({"bench": TOKEN}))
    command = [sys.executable, "-m", "hub.rehearsal", "--root", str(root / "hub")]
    command += ["--users-file", str(users), "--until-stdin-closes"]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=server_environment(),
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        url = process.stdout.readline().removeprefix(READY).strip()
        yield Server(url, process.pid, root / "home")
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()
        shutil.rmtree(root)


def upload(server: Server, what: str, path: Path, *, xet: bool) -> float:
    """Seconds that the client says an upload took."""
    return float(ask(server, what, path, xet=xet).split()[-1])


def ask(server: Server, what: str, path: Path, *, xet: bool) -> str:
    """What the client says of what it did."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
        "HOME": str(server.home),
        "HF_ENDPOINT": server.url,
        "HF_TOKEN": TOKEN,
        "HF_HOME": str(server.home),
        "HF_HUB_DISABLE_XET": "0" if xet else "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_UPDATE_CHECK": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "NO_PROXY": "127.0.0.1",
    }
    command = [sys.executable, "-c", CLIENT, what, str(path), "bench/model"]
    done = subprocess.run(
        command, env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=600
    )
    return done.stdout


def write_publication(folder: Path, num_bytes: int) -> Path:
    """One results repo of four random shards and a card; returns its content folder."""
    content = folder / "dataset" / "bench" / "model"
    content.mkdir(parents=True)
    (content / "README.md").write_text("---\nlicense: cc0-1.0\n---\n")
    for shard in range(4):
        write_random(content / f"shard-{shard}.parquet", num_bytes // 4 + shard)
    files = describe_files(content, [path.name for path in content.iterdir()])
    repo = Repo(type="dataset", id="bench/model", artefact="results", kind="results", digest="",
                files=files)  # fmt: skip
    publication = Publication(release="bench", version="0.1.0", namespace="bench",
                              digest=digest_of((repo,)), repos=(repo,))  # fmt: skip
    (folder / "publication.json").write_text(publication.model_dump_json())
    return content


def publication_speed(folder: Path, quick: bool) -> bool:
    """Speed of a publication as a share of a bare `upload_folder`: the median over pairs.

    Each pair is run side by side, the first of them in turn, on a disk that has nothing left to
    write: the server's last gigabyte would otherwise be written during the next upload.
    """
    place = folder / "publication"
    content = write_publication(place, QUICK_BYTES if quick else PUBLISHED_BYTES)
    shares: list[float] = []
    bare: list[float] = []
    for number in range(1 if quick else PAIRS):
        print(f"publishing, {number + 1}", file=sys.stderr)
        both = [("folder", content), ("publication", place)]
        taken: dict[str, float] = {}
        for what, path in both if number % 2 else reversed(both):
            os.sync()
            with serving(folder) as server:
                taken[what] = upload(server, what, path, xet=True)
                if what == "publication" and not number:
                    again = ask(server, "again", path, xet=True)
        bare.append(taken["folder"])
        shares.append(taken["folder"] / taken["publication"])
    share = statistics.median(shares)
    size = sum(path.stat().st_size for path in content.iterdir())
    found = {
        "figure": f"speed of a publication of {size / 1e9:.1f} GB", "value": round(share, 3),
        "unit": "of upload_folder", "goal": ">= 0.9", "holds": share >= 0.9,
        "against": f"{statistics.median(bare):.2f} s of a bare upload_folder",
        "pairs": [round(each, 3) for each in shares],
    }  # fmt: skip
    print(json.dumps(found), flush=True)
    num_bytes, listings = map(int, again.split())
    against = "the same publication again, of one repo"
    return all([
        line("bytes sent", num_bytes, "bytes", against, 1),
        line("listings", listings, "a repo", against, 2),
        share >= 0.9,
    ])  # fmt: skip


def read_ranges(server: Server, path: Path) -> float:
    """Median milliseconds of a read of 64 KiB anywhere in the file; the bytes are compared."""
    chance = random.Random(7)  # noqa: S311
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    size, taken = path.stat().st_size, []
    with path.open("rb") as file:
        for _ in range(RANGES):
            start = chance.randrange(size - RANGE_BYTES)
            asked = {"Range": f"bytes={start}-{start + RANGE_BYTES - 1}"}
            began = time.perf_counter()
            connection.request("GET", "/bench/model/resolve/main/weights.bin", headers=asked)
            response = connection.getresponse()
            data = response.read()
            taken.append((time.perf_counter() - began) * 1000)
            file.seek(start)
            if response.status != 206 or data != file.read(RANGE_BYTES):
                raise RuntimeError(f"a range read gave {response.status} or other bytes")
    connection.close()
    return statistics.median(taken)


def write_random(path: Path, size: int) -> None:
    chance = random.Random(size)  # noqa: S311
    with path.open("wb") as file:
        for start in range(0, size, 1 << 24):
            file.write(chance.randbytes(min(1 << 24, size - start)))


def write_small_files(folder: Path) -> None:
    for number in range(SMALL_FILES):
        path = folder / f"{number % 50:02}" / f"{number:04}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"number": number, "text": f"document {number} " * 20}))


def hash_and_write(path: Path, folder: Path) -> float:
    """Seconds to read a file, hash it and write it, flushed: what no server can do without."""
    copy, digest = folder / "copy", hashlib.sha256()
    began = time.perf_counter()
    with path.open("rb") as source, copy.open("wb") as target:
        while data := source.read(1 << 20):
            digest.update(data)
            target.write(data)
        target.flush()
        os.fsync(target.fileno())
    taken = time.perf_counter() - began
    copy.unlink()
    return taken


def line(figure: str, value: float, unit: str, against: str, goal: float) -> bool:
    """Print one figure; all goals here are upper limits."""
    found = {"figure": figure, "value": round(value, 2), "unit": unit, "against": against}
    print(json.dumps({**found, "goal": f"< {goal:g}", "holds": value < goal}), flush=True)
    return value < goal


def median_of(repeats: int, measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(repeats))


def measure(folder: Path, quick: bool, only: str | None = None) -> bool:
    """All figures, or those of the publication; True if every goal holds."""
    if only == "publication":
        return publication_speed(folder, quick)
    repeats = 1 if quick else REPEATS
    large, small = folder / "large.bin", folder / "small"
    print("writing inputs", file=sys.stderr)
    write_random(large, LARGE_BYTES)
    write_small_files(small)
    floor = median_of(repeats, lambda: hash_and_write(large, folder))
    against = f"{floor:.2f} s to hash and write the same bytes"
    holds = []
    for xet in (True, False):
        print(f"uploading, {'Xet' if xet else 'LFS'}", file=sys.stderr)
        holds += _of_mode(folder, large, small, repeats, against, quick, xet=xet)
    holds.append(publication_speed(folder, quick))
    return all(holds)


def _of_mode(
    folder: Path, large: Path, small: Path, repeats: int, against: str, quick: bool, *, xet: bool
) -> list[bool]:
    """The figures of one upload mode; which goals hold."""
    mode = "Xet" if xet else "LFS"
    peaks: list[float] = []
    reads: list[float] = []

    def take(what: str, path: Path) -> float:
        with serving(folder) as server:
            taken = upload(server, what, path, xet=xet)
            if path is large:
                reads.append(read_ranges(server, large))
            peaks.append(server.peak_mib())
        return taken

    seconds = median_of(repeats, lambda: take("file", large))
    small_seconds = median_of(repeats, lambda: take("folder", small))
    if not quick:
        huge = folder / "huge.bin"
        if not huge.exists():
            write_random(huge, HUGE_BYTES)
        take("file", huge)
    sizes = "400 MB" if quick else "400 MB and 2 GB"
    ranges = f"median of {RANGES}, bytes compared"
    files = f"{SMALL_FILES} JSON files"
    return [
        line(f"upload of 400 MB, {mode}", seconds, "s", against, 3),
        line(f"upload of 5,000 small files, {mode}", small_seconds, "s", files, 5),
        line(f"peak memory of the server, {mode}", max(peaks), "MiB", f"uploads of {sizes}", 286),
        line(f"range read of 64 KiB, {mode}", max(reads), "ms", ranges, 10),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hub", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run of each, within 50 s")
    parser.add_argument("--folder", type=Path, help="where to work (3 GB, 7 GB without --quick)")
    parser.add_argument("--only", choices=["publication"], help="the figures of a publication")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        return 0 if measure(Path(folder), arguments.quick, arguments.only) else 1


if __name__ == "__main__":
    sys.exit(main())
