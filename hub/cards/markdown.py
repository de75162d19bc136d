"""Markdown pieces that several cards share."""

from collections.abc import Iterable, Sequence

from hub.licences.expression import licence_of
from hub.manifest import Input, Manifest


def table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table; the columns numbered in `right` hold figures."""
    rule = ["---:" if column in right else "---" for column in range(len(header))]
    lines = [header, rule, *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def figure(manifest: Manifest, name: str) -> str:
    """A number of the manifest with its unit, or that it is not known."""
    number = manifest.numbers.get(name)
    if number is None:
        return "not known"
    value = f"{number.value:,}" if isinstance(number.value, int) else f"{number.value:,.4g}"
    return f"{value} {number.unit.removesuffix('s') if number.value == 1 else number.unit}"


def licence_links(ids: Iterable[str]) -> str:
    return ", ".join(f"[{id}]({licence_of(id).url})" for id in ids) or "none stated"


def lineage(manifest: Manifest, links: dict[str, str], tag: str) -> str:
    """What it was made from, by content digest, with a link where that is published too."""
    rows = [
        (entry.role, _input(entry, links), _revision(entry, links, tag), f"`{entry.digest[:16]}`")
        for entry in manifest.inputs
    ]
    return table(("role", "input", "revision", "content digest"), rows) if rows else "From nothing."


def _input(entry: Input, links: dict[str, str]) -> str:
    if entry.name in links or entry.repo is None:
        return links.get(entry.name, entry.name)
    return f"{entry.name} ({entry.repo})"


def _revision(entry: Input, links: dict[str, str], tag: str) -> str:
    if entry.commit:
        return f"`{entry.commit[:12]}`"
    if entry.name in links:
        return tag
    return "local files" if entry.role == "source" else "not published"


def making(manifest: Manifest) -> str:
    made = manifest.made_by
    packages = ", ".join(f"{name} {version}" for name, version in made.packages.items())
    return (
        f"Made by `{made.command}` ({made.code}; {packages}; {made.machine}) in "
        f"{made.wall_seconds:,.1f} s, {made.cpu_seconds:,.1f} CPU-seconds. "
        f"Artefact digest `{manifest.digest}`."
    )
