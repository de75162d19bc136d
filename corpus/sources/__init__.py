"""Where texts come from: one entry a source, and the fetching of those that are served live.

In:   `entries/NAME.toml`: what a source is, what is said of its licence and by whom, how to get it.
Out:  defaults for a source of a release file that says `entry: NAME`; docs/sources.md; and, where
      the release file says `fetch:`, a folder in the source's native form with its `fetch.json`.

    python -m corpus.sources docs/sources.md      writes that page anew
"""
