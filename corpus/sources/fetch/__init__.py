"""Fetching: an open API asked politely, its answers in a folder in the API's own form.

In:   the `fetch` of a source: which service, what to ask for, whom the service may write to.
Out:  that source's folder with `fetch.json` (query, date, counts, content digest), written last and
      renamed into place whole; from then on it is a local source like any other.

    NAME.partial/         while it is fetched: finished files, and progress.json after each of them
    NAME/                 when all is there

Killed at any moment, running again goes on behind the last finished file.
"""
