"""Near duplicates: documents that share most of their words with another one.

    texts → grams (hashed word n-grams) → minhash (signatures, candidate pairs) → near (who stays)

In: texts by number, and the order in which they are preferred. Out: for each document that goes,
the kept document that it repeats and their Jaccard similarity, always computed in full. Nothing
here reads a source or knows a licence; `imprimatur run` calls it through the corpus stage.
"""
