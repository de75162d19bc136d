"""Domain: the documents of one domain in a web corpus, found cheaply and provably.

    sample → label (a language model) → check (people) → classifier → threshold → apply

In:   Parquet of a web corpus, and who may judge a sample of it: a model on this machine, an
      endpoint, or sources whose domain is known.
Out:  an artefact of kind `model` (the classifier with its thresholds and how good it is), which a
      corpus applies to every document it reads; every score is kept in the corpus' ledger.

The method is DeFineMed's, for any domain and language; the linear classifier and the cascade make
it cheap. Run by `imprimatur run R`: `filters:` of a release file, `domain_filter:` of a corpus.
"""
