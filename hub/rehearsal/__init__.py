"""A Hub on your own machine: a loopback server that the unmodified clients take for the real one.

In: a root folder, users with their tokens, organisations. Out: the same folder, holding one bare
git repository per Hub repo (`repos/models/NAMESPACE/NAME.git`), large files by their sha256
(`large/`), the blocks that Xet uploads arrive in (`xorbs/`), and collections. Stop it, start it on
the same root, and the same repos are there.

    python -m hub.rehearsal --root DIR --port 8123 --users-file users.json --org my-lab
    HF_ENDPOINT=http://127.0.0.1:8123 HF_TOKEN=... HF_HOME=$(mktemp -d) hf upload ...

From Python: `hub.rehearsal.serve.running` starts it in a subprocess and yields its URL. Give every
rehearsal an HF_HOME of its own: the client's cache is keyed by repo id, not by endpoint.
"""
