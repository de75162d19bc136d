"""Evaluation: how well does a model read held-out text, and how sure are we?

    in    held-out corpora (kind `corpus`) and a model folder (kind `model` or `merge`)
    out   one `tasks` artefact a task: `items.jsonl` (the texts asked about), `task.yaml` (how)
          one `results` artefact a model: `samples.parquet` (every answer), `scores.json`

    settings    what a release file may say
    cloze       multiple-choice questions made from documents
    tasks       held-out corpus -> `tasks` artefact; the corpus is decontaminated against it
    harness     model + `tasks` artefacts -> `results` artefact, through lm-eval
    results     the records of a `results` artefact, written and read
    statistics  intervals and paired differences, as functions of numbers
    summary     groups of tasks, and what changed from one model to the next

`imprimatur run RELEASE.yaml` runs it. Importing any module here is light: torch, lm-eval and
pyarrow load inside the functions that need them.
"""
