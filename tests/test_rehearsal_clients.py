"""The unmodified client takes the rehearsal Hub for the real one, in both upload modes."""

from pathlib import Path

import pytest
from rehearsal_server import ORGS, TOKENS, client_environment, run_client

from hub.rehearsal.serve import running


@pytest.mark.parametrize("xet", [False, True], ids=["lfs", "xet"])
def test_huggingface_hub_cannot_tell(tmp_path: Path, xet: bool) -> None:
    script = Path(__file__).with_name("rehearsal_hub_client.py").read_text("utf-8")
    with running(tmp_path / "root", TOKENS, ORGS) as url:
        environment = client_environment(url, tmp_path / "home", xet=xet)
        output = run_client(script, environment, "model", str(tmp_path / "folder"))
    assert output.strip().endswith("all accepted")
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
