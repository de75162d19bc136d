"""A release made again from its published repos, and compared with what was published.

    imprimatur reproduce demo-org/demo@v0.1.0 --set data=FOLDER

Goes in: the recipe, the manifests and the pins that the results repo publishes. Local sources are
not published, because they hold what was refused: `--set data=` gives them, and their digests have
to be those that the manifests pin. Comes out: a verdict for every artefact (`compare`), and where
the first difference arises. Corpora, tasks and merges of equal parents are compared to the byte;
training and scores within a stated tolerance.
"""
