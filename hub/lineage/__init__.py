"""Where a release comes from, as others' programs read it; filled from manifests and nothing else.

    lineage.json, lineage.svg   the graph of the release: data (`graph`), and a figure (`figure`)
    ml-bom.cdx.json             CycloneDX 1.6 bill of materials with model cards (`bom`)
    croissant.json              MLCommons Croissant 1.0 of a dataset (`croissant`)

The same manifests give the same bytes: no date, no random id.
"""
