"""What the card of a corpus says of the filter that its documents passed."""

from hub.cards.markdown import figure
from hub.manifest import Manifest

MOVED = 0.25
"""of the population stability index: by convention the distribution is another one"""


def section(corpus: Manifest, classifier: Manifest | None, links: dict[str, str]) -> str:
    """Empty where the corpus was not filtered."""
    if classifier is None:
        return ""
    drift = corpus.numbers.get("domain_drift")
    moved = (
        "**Its scores here are distributed otherwise than where it was tested: the precision "
        "stated below may not hold.** "
        if drift and drift.value > MOVED
        else ""
    )
    return f"""## Domain filter

Of {figure(corpus, "domain_scored")} that were read and judged, {figure(corpus, "domain_taken")}
were taken as {classifier.recipe["filter"]["domain"]} by
{links.get(classifier.name, classifier.name)};
{figure(corpus, "domain_not_judged")} are in a language that it did not learn, or have no words, and
are left out. Every score is in the ledger (`domain_score`). {moved}On documents that it did not
learn from its precision is {_interval(classifier, "precision")}, its recall
{_interval(classifier, "recall")}; drift from those to these: {figure(corpus, "domain_drift")}.

"""


def _interval(manifest: Manifest, name: str) -> str:
    found = [manifest.numbers.get(f"{name}{end}") for end in ("", "_low", "_high")]
    if None in found:
        return "not known"
    value, low, high = (number.value for number in found if number)
    return f"{value:.3f} (95% interval {low:.3f} to {high:.3f})"
