"""Publication: every repo of a release to a Hub; nothing half-done is ever seen.

    HF_TOKEN=… python -m hub.publish publish FOLDER --endpoint URL        a publication
    HF_TOKEN=… python -m hub.publish compare FOLDER --endpoint URL        what it would change
    HF_TOKEN=… python -m hub.publish rollback RESULTS TAG --endpoint URL
    HF_TOKEN=… python -m hub.publish holders RESULTS DOCUMENT --endpoint URL
    HF_TOKEN=… python -m hub.publish notes RESULTS --endpoint URL         written on cards by hand

    preflight    every problem that can be known before the first byte is sent
    staging      content to a staging revision, read back and compared
    promotion    one commit on `main`, on top of the commit that was seen at the start
    transaction  the order of it all; `release.json` last
    squash       history that may no longer be read;  holders: of a document, and their models
    running      the Space, watched until it runs at the commit that was promoted

One commit is atomic, a release over several repos is not. So readers of one repo see its old or its
new complete state, `release.json` in the results repo names only complete states, and running again
after a kill finishes what is missing. It runs in a process of its own because huggingface_hub reads
its endpoint at import.
"""
