"""What every stage may lean on, and the way to the Hub; this folder imports no stage.

    manifest, disk, failure     an artefact is a folder with a manifest, written last; exit codes
    licences/                   what a text says of itself, and what may be done with it
    environment, model_folder   children without secrets; the proof that a folder is a model
    pins                        what the Hub says of a model or a dataset, to take the same later
    cards/, lineage/, results   what is said beside a repo, for people and for programs
    publication, publish/       the content of every repo, and the transaction that brings it there
    fetch, verify               a published release, read and checked as an outsider
    rehearsal/                  a Hub on this machine

Stages import `manifest`, `licences`, `disk`, `failure`, `model_folder` and `environment` only.
"""
