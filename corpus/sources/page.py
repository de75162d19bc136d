"""docs/sources.md, from the entries and from nothing else."""

from corpus.sources.entry import Claim, Entry, entries

_COVERS = {"texts": "", "records": " (its records only)", "collection": " (the collection only)"}

_HEAD = """# Sources

This page is made from `corpus/sources/entries/` by `python -m corpus.sources docs/sources.md`; a
test keeps it up to date. A release file takes an entry by name, and what it says itself wins:

```yaml
sources:
  quaero: {entry: quaero, path: quaero_brat}
  wikipedia:
    entry: wikipedia-fr
    fetch: {contact: corpus@example.org}
```

`path` is the folder below `data` (the entry's name unless given). With `fetch` a folder that is not
there is filled by the next `imprimatur run`, politely: one request at a time, a pause between two
(`seconds_between`, one second), `Retry-After` honoured, `contact` in the user agent. A killed fetch
goes on behind its last whole file, and a folder appears under its name only when it is whole. Its
`fetch.json` says what was asked for, when, and the digest of what came. `imprimatur plan` says what
would be fetched, and in one sentence how to have what cannot be.

A claim is what somebody says of the licence: rank 2 is the source itself, rank 3 anybody else. A
claim about the records or the collection says nothing of a text; where nothing is said of the texts
and a document says nothing itself, its licence is unknown, and unknown is not permission. Document
counts are those of the paper. How: `live` is an open API that `fetch` asks, `hub` a dataset that it
downloads, `folder` something to be put there by hand.
"""


def render() -> str:
    """The page as Markdown."""
    known = entries()
    rows = ["| entry | what | document type | documents (paper) | words (paper) | how |",
            "|---|---|---|---:|---:|---|"]  # fmt: skip
    rows += [_row(name, entry) for name, entry in known.items()]
    sections = [_section(name, entry) for name, entry in known.items()]
    return _HEAD + "\n" + "\n".join(rows) + "\n\n" + "\n".join(sections)


def _row(name: str, entry: Entry) -> str:
    documents = f"{entry.paper.documents:,}" if entry.paper else "–"
    words = f"{entry.paper.words:,}" if entry.paper and entry.paper.words else "–"
    cells = (f"[{name}](#{name})", entry.title, entry.document_type, documents, words, entry.how)
    return f"| {' | '.join(cells)} |"


def _section(name: str, entry: Entry) -> str:
    title = f"[{entry.title}]({entry.home})" if entry.home else entry.title
    lines = [f"## {name}", "", f"{title}: {entry.description}", ""]
    claims = "; ".join(_claim(claim) for claim in entry.claims) or "nothing is stated that was read"
    lines.append(f"- Terms: {claims}.")
    if entry.note:
        lines.append(f"- Note: {entry.note}")
    if entry.paper:
        version = "commercial and research" if entry.paper.commercial else "research only"
        lines.append(f"- In the paper: {entry.paper.corpus}, {version}.")
    lines.append(f"- To have it: {entry.obtain}")
    reader, files = entry.settings["reader"], entry.settings["files"]
    lines.append(f"- Read by `{reader}`, files `{files}`.")
    if entry.citation:
        lines.append(f"- Cite: {entry.citation}")
    return "\n".join(lines) + "\n"


def _claim(claim: Claim) -> str:
    where = f"[{claim.read}]({claim.url})" if claim.url else claim.read
    return f"{claim.licence}{_COVERS[claim.covers]}, rank {claim.rank}, read in {where}"
