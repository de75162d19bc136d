"""The page's modules as one script.

A browser that asks for eighteen files waits for three round trips, and each answer costs this
server as long as a sort costs the browser. So page.js is served with all that it imports before it,
every module a function of its own that gives what it exports:

    const $dom = (() => { …; return { el, svg }; })();
    const $page = (() => { const { el } = $dom; …; return {}; })();

Only the two forms that the page is written in are known: `import { a, b } from "./name.js";` on one
line, and `export` before a declaration. Anything else is an error when the app starts.
"""

import re
from pathlib import Path

IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:(?:async )?function|class|const) (\w+)\b)", re.MULTILINE)
LEFT = re.compile(r"^(?:import|export)\b.*", re.MULTILINE)


def bundle(folder: Path, first: str) -> str:
    """The script that `first` and its imports make; ValueError where one is written otherwise."""
    done: dict[str, str] = {}
    _add(folder, first, done, ())
    return "\n".join(done.values())


def _add(folder: Path, name: str, done: dict[str, str], asking: tuple[str, ...]) -> None:
    if name in done:
        return
    if name in asking:
        raise ValueError(f"{name}.js imports itself, by way of {', '.join(asking)}")
    text = (folder / f"{name}.js").read_text(encoding="utf-8")
    for _, imported in IMPORT.findall(text):
        _add(folder, imported, done, (*asking, name))
    exported = ", ".join(EXPORT.findall(text))
    body = EXPORT.sub("", IMPORT.sub(r"const \1 = $\2;", text))
    unknown = LEFT.search(body)
    if unknown:
        raise ValueError(f"{name}.js: `{unknown.group()}` is no form of it that is known here")
    done[name] = f"const ${name} = (() => {{\n{body}return {{ {exported} }};\n}})();"
