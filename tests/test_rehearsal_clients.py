"""The unmodified clients take the rehearsal Hub for the real one, in both upload modes.

The same suite runs against another Hub, so that anyone with a token can tell where the two differ:

    CLIENT_HUB=https://huggingface.co CLIENT_TOKEN=hf_... CLIENT_USER=me CLIENT_ORG=my-org \\
        python -m pytest tests/test_rehearsal_clients.py -k client_suite

It makes repos of its own there, named at random, and deletes them. CLIENT_GUEST and
CLIENT_GUEST_TOKEN name a second user; without them the steps that need one are left out.
"""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from rehearsal_server import ORGS, TOKENS, client_environment, run_client

from hub.rehearsal.serve import running

SCRIPTS = ("rehearsal_hub_client", "rehearsal_hub_client_more")
HERE = Path(__file__).parent


@pytest.fixture
def client_hub(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """The Hub under test and who plays which part there: ours, unless CLIENT_HUB says another."""
    if "CLIENT_HUB" not in os.environ:
        with running(tmp_path / "root", TOKENS, ORGS) as url:
            yield url, {}
        return
    missing = {"CLIENT_TOKEN", "CLIENT_USER", "CLIENT_ORG"} - os.environ.keys()
    if missing:
        pytest.fail(f"CLIENT_HUB needs {', '.join(sorted(missing))} as well")
    kept = ("CLIENT_", "HTTPS_PROXY", "SSL_CERT")
    people = {name: value for name, value in os.environ.items() if name.startswith(kept)}
    without_guest = {"CLIENT_GUEST_TOKEN": "", "CLIENT_GUEST": ""}
    yield os.environ["CLIENT_HUB"], without_guest | people


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_client_suite(
    client_hub: tuple[str, dict[str, str]], tmp_path: Path, xet: bool, script: str
) -> None:
    url, people = client_hub
    environment = client_environment(url, tmp_path / "home", xet=xet) | people
    environment["HF_TOKEN"] = people.get("CLIENT_TOKEN", TOKENS["demo"])
    text = (HERE / f"{script}.py").read_text("utf-8")
    name = f"rehearsal-test-{secrets.token_hex(4)}"
    output = run_client(text, environment, name, str(tmp_path / "folder"))
    assert output.strip().endswith("all accepted")
    if not people:
        assert any((tmp_path / "root/xorbs").iterdir()) is xet, "the other route was taken"


FRESH_STORE = """
import random
from huggingface_hub import HfApi
random.seed(1)
data = random.randbytes(900_000)
HfApi().create_repo("demo/m")
HfApi().upload_file(repo_id="demo/m", path_in_repo="w.bin", path_or_fileobj=data)
"""


def test_a_fresh_store_behind_an_old_client_cache(tmp_path: Path) -> None:
    """The client remembers which chunks a Xet address has; another store must not inherit that."""
    port = 0
    for root in ("first", "second"):
        with running(tmp_path / root, TOKENS, port=port) as url:
            port = int(url.rpartition(":")[2])
            run_client(FRESH_STORE, client_environment(url, tmp_path / "home", xet=True))


XET_DOWNLOADS = """
import random, sys
from huggingface_hub import HfApi, hf_hub_download
data = random.Random(5).randbytes(66_000_001)  # over one block of 64 MiB is over 67 MB
data += bytes(5_000_000) + b"end"
HfApi().create_repo("demo/m")
HfApi().upload_file(repo_id="demo/m", path_in_repo="w.bin", path_or_fileobj=data)
assert open(hf_hub_download("demo/m", "w.bin"), "rb").read() == data
"""


def test_large_files_come_down_by_blocks(tmp_path: Path) -> None:
    """Without the plain file: what is downloaded can only have come by the Xet protocol."""
    with running(tmp_path / "root", TOKENS) as url:
        upload, _, download = XET_DOWNLOADS.rpartition("assert ")
        environment = client_environment(url, tmp_path / "home", xet=True)
        run_client(upload, environment)
        fresh = client_environment(url, tmp_path / "other", xet=True)
        probe = "import hf_xet, huggingface_hub.file_download as d\n"
        probe += "def no(*a, **k): raise AssertionError('plain HTTP')\nd.http_get = no\n"
        made = upload.replace("HfApi().", "# ")
        run_client(f"{made}{probe}assert {download}", fresh)


DEDUPLICATED = """
import random, sys
from huggingface_hub import HfApi, hf_hub_download
api, data = HfApi(), random.Random(9).randbytes(3_000_000)
api.create_repo("demo/m", exist_ok=True)
for number, content in enumerate((data, data[:2_000_000] + b"changed" + data[2_000_000:])):
    api.upload_file(path_or_fileobj=content, path_in_repo=f"{number}.bin", repo_id="demo/m")
    assert open(hf_hub_download("demo/m", f"{number}.bin"), "rb").read() == content
"""


def test_nothing_is_stored_twice_and_later_uploads_still_refer_to_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    with running(root, TOKENS) as url:
        run_client(DEDUPLICATED, client_environment(url, tmp_path / "home", xet=True))
    stored = sum(path.stat().st_size for path in (root / "large").rglob("*") if path.is_file())
    blocks = [path for path in (root / "xorbs").rglob("*") if path.is_file()]
    assert stored == 6_000_007 and {path.suffix for path in blocks} == {".places"}
    assert sum(path.stat().st_size for path in blocks) < 50_000
