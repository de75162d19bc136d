"""Where questions come from; each task becomes one `tasks` artefact.

    artefact     items.jsonl, shots.jsonl, task.yaml: the questions, the examples, how to ask
    heldout      a held-out corpus -> texts to read, or questions about how they go on
    benchmarks   files of a benchmark on this machine -> its questions, asked as its YAML says
    questions    the formats in which benchmarks come
    definitions  lm-eval YAML: medqa, medmcqa, mmlu, mmlu_pro, pubmedqa, frenchmedmcqa, truthfulqa;
                 `templates.yaml`: the words of papers that ask otherwise
    library      any task that lm-eval ships, by name; its data comes from the Hub, pinned
    papers       the groups of PARTAGES, DeFineMed and BioMistral, with their n and shots

In an artefact's folder lm-eval's own command asks the same questions in the same words:
`lm_eval run --include_path . --tasks NAME --model hf …`.
"""
