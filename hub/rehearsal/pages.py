"""Pages for a person: the list of repos, and each repo with its card, its metadata and its files.

No script, nothing fetched from elsewhere, and every text from a repo is escaped: markdown is
rendered with HTML off, and a Content-Security-Policy forbids what might slip through all the same.
"""

from html import escape
from typing import Any
from urllib.parse import quote

from markdown_it import MarkdownIt
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from hub.rehearsal import card, eval_results
from hub.rehearsal.context import hub_of, param, readable, revision_of
from hub.rehearsal.repository import HEADS, TAGS, Repository
from hub.rehearsal.tree import Folder

MAX_CARD_CHARACTERS = 500_000
MAX_FILES_SHOWN = 2000
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 56rem; margin: 2rem auto; padding: 0 1rem; }
a { color: LinkText; } h1 { overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
td, th { border: 1px solid var(--line); padding: .2rem .6rem; text-align: left; }
td { vertical-align: top; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
pre, code { background: var(--soft); border-radius: 4px; font-size: .9em; }
pre { padding: .8rem; overflow-x: auto; } code { padding: .1em .3em; }
pre code { background: none; padding: 0; } summary { cursor: pointer; margin: 1rem 0; }
img { max-width: 100%; }
.note { border-left: 4px solid #d90; padding-left: .8rem; } .small { font-size: .85em; }
"""


def _page(title: str, body: str) -> Response:
    html = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>"
        '<p class="small"><a href="/">Rehearsal Hub</a>: on this machine only, nothing here is'
        f" public</p><main>{body}</main></body></html>"
    )
    headers = {"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"}
    return HTMLResponse(html, headers=headers)


def index(request: Request) -> Response:
    """GET /: every repo that whoever asks may see."""
    hub = hub_of(request)
    user = hub.accounts.asking(request)
    rows: list[str] = []
    hidden = 0
    for repo in hub.store.all():
        if hub.store.open(repo).settings.private and not hub.accounts.may_write(
            user, repo.namespace
        ):
            hidden += 1
            continue
        link = f'<a href="/{escape(repo.url_path)}">{escape(repo.full_name)}</a>'
        rows.append(f"<tr><td>{repo.kind}</td><td>{link}</td></tr>")
    table = f"<table>{''.join(rows)}</table>" if rows else "<p>No public repos yet.</p>"
    note = f'<p class="note">{hidden} private, seen with a token only.</p>' if hidden else ""
    return _page("Rehearsal Hub", f"<h1>Repos</h1>{table}{note}")


def repo(request: Request) -> Response:
    """GET /{repo} and /{repo}/tree/{revision}"""
    repository = readable(request)
    revision = param(request, "revision") or "main"
    name = repository.repo.full_name
    with repository.reading():
        commit = revision_of(request, repository)
        root = repository.folder(commit)
        text = (repository.text(root, "README.md") or "")[:MAX_CARD_CHARACTERS]
        readme = card.read(text)
        checks = _checks(repository, root, text)
        files = _files(repository, root, revision)
        title = repository.commit(commit).message.decode(errors="replace").partition("\n")[0]
    state = "private" if repository.settings.private else "public"
    article = _markdown(readme.body, _raw(repository, revision))
    return _page(
        name,
        f"<h1>{escape(name)}</h1>"
        f"<p>{repository.repo.kind}, {state}; {escape(revision)} at <code>{commit.decode()[:12]}"
        f"</code> “{escape(title)}”</p>{_revisions(repository)}{checks}{_metadata(readme.data)}"
        f"<article>{article}</article><h2>Files</h2>{files}",
    )


def _checks(repository: Repository, root: Folder, readme: str) -> str:
    """What a local check of the metadata has to say, if anything."""
    found = card.problems(readme, repository.repo.kind)
    said = [*found.errors, *found.warnings]
    for entry in eval_results.of_repo(repository, root):
        if "error" in entry:
            said.append(f"{entry['filename']}: {entry['error']}")
    items = "".join(f"<li>{escape(text)}</li>" for text in said)
    return f'<div class="note">A local check of the metadata:<ul>{items}</ul></div>' if said else ""


def _revisions(repository: Repository) -> str:
    """Links to the branches and tags."""
    base = f"/{repository.repo.url_path}/tree"
    links = [
        f'<a href="{escape(base)}/{quote(name, safe="")}">{escape(name)}</a>'
        for folder in (HEADS, TAGS)
        for name in repository.refs(folder)
    ]
    return f'<p class="small">{" · ".join(links)}</p>'


def _metadata(data: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(key)}</th><td>{_value(value)}</td></tr>" for key, value in data.items()
    )
    shown = f"<details><summary>Metadata of the card</summary><table>{rows}</table></details>"
    return shown if rows else ""


def _value(value: object, depth: int = 0) -> str:
    """A YAML value as nested lists, down to a few levels."""
    if isinstance(value, dict) and depth < 6:
        items = (f"<b>{escape(str(k))}</b>: {_value(v, depth + 1)}" for k, v in value.items())
        return "<br>".join(items)
    if isinstance(value, list) and depth < 6:
        if all(isinstance(item, str | int | float) for item in value):
            return escape(", ".join(map(str, value)))
        return "<ul>" + "".join(f"<li>{_value(v, depth + 1)}</li>" for v in value) + "</ul>"
    return escape(str(value))


def _markdown(text: str, base: str) -> str:
    """A card's images are files of its repo, as on the Hub; `base` is where these are."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    for token in tokens:
        for child in token.children or ():
            source = str(child.attrs.get("src", ""))
            if child.type == "image" and ":" not in source and not source.startswith("/"):
                child.attrs["src"] = f"{base}/{source}"
    return str(parser.renderer.render(tokens, parser.options, {}))


def _raw(repository: Repository, revision: str) -> str:
    return f"/{repository.repo.url_path}/resolve/{quote(revision, safe='')}"


def _files(repository: Repository, root: Folder, revision: str) -> str:
    base = _raw(repository, revision)
    rows: list[str] = []
    left_out = 0
    for entry in root.entries(recursive=True):
        if entry.is_folder:
            continue
        if len(rows) == MAX_FILES_SHOWN:
            left_out += 1
            continue
        blob = repository.blob(entry.oid)
        link = f'<a href="{escape(base)}/{quote(entry.path)}">{escape(entry.path)}</a>'
        digest = blob.sha256 or blob.oid.decode()
        rows.append(
            f'<tr><td>{link}</td><td class="number">{blob.size:,}</td>'
            f"<td><code>{digest[:12]}</code></td></tr>"
        )
    note = f"<p>and {left_out} more</p>" if left_out else ""
    head = "<tr><th>File</th><th>Bytes</th><th>Digest</th></tr>"
    return f"<table>{head}{''.join(rows)}</table>{note}"
