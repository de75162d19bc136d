"""The tables of the three papers as tidy data: figures, each row with its source and table.

    PARTAGES     partages-groups (3 to 6), partages-benchmark (8 to 11), partages-ranks (7),
                 partages-tasks (2)
    DeFineMed    definemed (4, 9, 11), definemed-compute (8)
    BioMistral   biomistral-english (2 to 4), biomistral-languages (appendix H),
                 biomistral-truthfulqa (8), biomistral-calibration (5), biomistral-memory (7)

The `base` column of `definemed` says which model each one was adapted from; it is stated in the
paper's text and not printed in its tables. `imprimatur stats` takes any of the files in RESULTS.
"""

import csv
from importlib.resources import files

from evaluation.reading import build_table
from evaluation.settings import EvaluationError
from evaluation.tables import Table

RESULTS = (
    "partages-groups",
    "partages-benchmark",
    "definemed",
    "biomistral-english",
    "biomistral-languages",
    "biomistral-truthfulqa",
)
"""tables of scores; the other files have columns of their own"""


def rows(name: str) -> list[dict[str, str]]:
    path = files("evaluation.published").joinpath(f"{name}.csv")
    if not path.is_file():
        raise EvaluationError(f"there is no published table {name}; see evaluation/published")
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def published_table(name: str) -> Table:
    read = rows(name)
    return build_table({column: [row[column] for row in read] for column in read[0]}, None, name)
