"""`dataset_info` of a card's header, counted from the Parquet files: a stale one breaks the viewer.

The counts are those that `datasets` itself arrives at: `num_bytes` is the size of the rows in
Arrow's memory, `download_size` that of the files.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def dataset_info(folder: Path, configs: Mapping[str, str]) -> list[dict[str, Any]]:
    """`configs` maps a configuration to the glob of its files, all of them one split `train`."""
    return [_one(folder, name, pattern) for name, pattern in configs.items()]


def _one(folder: Path, name: str, pattern: str) -> dict[str, Any]:
    from pyarrow import parquet

    files = sorted(folder.glob(pattern))
    num_bytes = num_rows = 0
    for file in files:
        with parquet.ParquetFile(file) as table:
            num_rows += table.metadata.num_rows
            schema = table.schema_arrow
            num_bytes += _in_memory(table)
    return {
        "config_name": name,
        "features": [{"name": field.name, "dtype": _dtype(field.type)} for field in schema],
        "splits": [{"name": "train", "num_bytes": num_bytes, "num_examples": num_rows}],
        "download_size": sum(file.stat().st_size for file in files),
        "dataset_size": num_bytes,
    }


def _in_memory(table: Any) -> int:
    """Bytes, group by group with a batch as large as the first group, as `datasets` reads it."""
    groups = table.metadata.num_row_groups
    largest = table.metadata.row_group(0).num_rows if groups else 0
    return sum(
        batch.nbytes
        for group in range(groups)
        for batch in table.iter_batches(max(largest, 1), row_groups=[group])
    )


def _dtype(arrow: Any) -> str:
    """The name that `datasets` has for an Arrow type, where it is not the same."""
    return {"double": "float64", "float": "float32"}.get(str(arrow), str(arrow))
