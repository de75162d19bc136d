"""Native forms -> documents. A reader yields documents, or says why a piece could not be read.

Every reader is `(source, settings, path) -> documents`. What is broken becomes one document with
its `problem`; only a file that cannot be opened at all is an error. `registry` names them.
"""
