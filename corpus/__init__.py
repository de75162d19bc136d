"""Corpus: native files in, licence-audited Parquet out.

In:   sources in their native forms, each with its terms; `tasks` artefacts to keep out.
Out:  an artefact of kind `corpus` (`data/*.parquet`, `ledger.parquet`) and its sibling
      `NAME-excluded` (kind `quarantine`) with the text and reason of everything left out.

    read → clean → [licence, duplicates, held-out split, contamination] → write

The first and last steps run as datatrove pipelines, one task a shard, for any number of workers;
the decisions between them see all documents at once. Run by `imprimatur run R --until corpus`.
"""
