"""The judge: open answers compared and examined by a language model, and by people.

    queries → answers (each model in its chat template) → replies of the judge → verdicts → rates

In:   a file of queries, model folders, and a judge: an endpoint or a model on this machine.
Out:  `results` without any text: every verdict, win-rates, failure modes, safety, with intervals.
      What holds text (answers, reasons, the page, the sheet for people) goes to a sibling of kind
      `quarantine`, which is never published.

A judge is a measuring instrument, so what it does wrong is a result too: both orders of every pair
are asked, answers in no form are counted and are nobody's win, and its bias is measured. Run by
`imprimatur run R`: `judge:` in `evaluation:` of a release file.
"""
