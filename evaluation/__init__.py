"""Evaluation: how well does a model read held-out text, and how sure are we?

    in    held-out corpora (kind `corpus`), files of benchmarks, and model folders of any kind
    out   one `tasks` artefact a task: `items.jsonl` (the texts asked about), `task.yaml` (how)
          one `results` artefact a model: `samples.parquet` (every answer), `scores.json`

    settings    what a release file may say
    cloze       multiple-choice questions made from documents
    tasks       held-out corpus -> `tasks` artefact; the corpus is decontaminated against it
    translation a task in another language, by a language model
    asking, answers  the model as lm-eval asks it; its answers as rows;  cache: those given once
    harness     model + `tasks` artefacts -> `results` artefact, through lm-eval; `parallel`: by
                several processes; `engine`: through vLLM
    results     the records of a `results` artefact, written and read
    statistics  intervals, differences, families of tests, groups, ranks: functions of numbers
    summary     groups of tasks, and what changed from one model to the next
    calibration does a model know when it is right?
    language_model  who is asked in chat: the judge, the translator
    judge       open answers: win-rates, failure modes, safety, judge and people
    claims      does what a release says about its results follow from them?
    selection   which checkpoint of a run is the best one;  ensemble: models that answer together
    comparable  may two scores be set beside each other?
    lm_eval_files, lm_eval_layout   result files of lm-eval, read and written

`imprimatur stats` needs no model, only a tidy table of scores:

    reading     CSV -> `tables`, with `scales`; what is wrong with it is said
    samples     published answers;  paired, paired_groups: changes from answers, pair by pair
    changes     what changed from a base, by a z test or by overlap of error bars
    consistency does a table agree with itself? with `copies`
    report      CSV files and, with `narrative`, a page to read
    published   the tables of the three papers, and what they say against themselves

`imprimatur run RELEASE.yaml` runs it. Importing any module here is light: torch, lm-eval and
pyarrow load inside the functions that need them.
"""
