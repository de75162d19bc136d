"""The documentation's table of endpoints is whole: every route of the app is in it."""

import re
from pathlib import Path

from rehearsal_server import TOKENS
from starlette.routing import Route

from hub.rehearsal.app import create_app
from hub.rehearsal.chaos import KINDS

TEXT = (Path(__file__).parents[1] / "docs/rehearsal-hub.md").read_text("utf-8")


def test_every_route_is_documented(tmp_path: Path) -> None:
    for route in create_app(tmp_path, TOKENS).routes:
        assert isinstance(route, Route)
        path = re.sub(r":\w+}", "}", route.path)
        path = re.sub(r"^/api/(models|datasets|spaces)/{namespace}/{name}", "T", path)
        path = re.sub(r"^(/datasets|/spaces)?/{namespace}/{name}", "R", path)
        path = re.sub(r"^/api/collections/{namespace}/{slug}/", "…/", path)
        path = re.sub(r"^T/discussions/{num}/", "…/", path).replace("R/info/lfs", "R.git/info/lfs")
        path = re.sub(r"/from/.*/v1", "/from/…/v1", path)
        assert f"`{path}`" in TEXT or f"`T/discussions/{{num}}{path[1:]}`" in TEXT, route.path


def test_every_kind_of_trouble_is_documented() -> None:
    assert all(f"`{kind}`" in TEXT for kind in KINDS)
