"""What changed between two releases: documents, settings, scores, metadata.

    imprimatur diff demo-org/demo@v0.1.0 v0.2.0        two tags on a Hub
    imprimatur diff runs/demo-before runs/demo         two work folders
    imprimatur diff demo-org/demo@v0.1.0 runs/demo     what publishing would change

Goes in: two releases. Comes out: a `Difference` (`compare`), as text (`report.lines`), as Markdown
for a card (`report.changelog`) or as JSON. It judges nothing but scores, whose differences are
computed on the items that both releases asked, with a p-value each.
"""
