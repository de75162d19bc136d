"""Croissant 1.0 of a published corpus: files with their sha256, columns, licences, languages."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hub.failure import Failed
from hub.licences.expression import licence_of
from hub.manifest import Manifest

CROISSANT = "croissant.json"
_FILES = "shards"


def croissant(
    folder: Path, title: str, description: str, repo: str, version: str, manifest: Manifest,
    languages: Sequence[str],
) -> str:  # fmt: skip
    """JSON-LD text of the corpus in `folder`; its schema is read from the shards' footers.

    Raises Failed where mlcroissant finds an error in it.
    """
    import mlcroissant as mlc
    from pyarrow import parquet

    shards = [file for file in manifest.files if file.path.startswith("data/")]
    schema = parquet.read_schema(folder / shards[0].path)
    objects = [
        mlc.FileObject(
            id=file.path, name=Path(file.path).name, content_url=file.path,
            content_size=f"{file.size} B", encoding_formats=["application/x-parquet"],
            sha256=file.sha256,
        )
        for file in shards
    ]  # fmt: skip
    source = shards[0].path
    sets: list[Any] = []
    if len(shards) > 1:
        source = _FILES
        sets = [
            mlc.FileSet(
                id=_FILES, name=_FILES, encoding_formats=["application/x-parquet"],
                includes=["data/*.parquet"],
            )
        ]  # fmt: skip
    records = mlc.RecordSet(
        id="documents",
        name="documents",
        description="One record a document, cleaned.",
        fields=[
            mlc.Field(
                id=f"documents/{column.name}", name=column.name, data_types=[_type(column.type)],
                source=mlc.Source(
                    **{"file_set" if sets else "file_object": source},
                    extract=mlc.Extract(column=column.name),
                ),
            )
            for column in schema
        ],
    )  # fmt: skip
    metadata = mlc.Metadata(
        name=repo.replace("/", "-"),
        description=f"{title}. {description}",
        url=f"https://huggingface.co/datasets/{repo}",
        version=version,
        license=[licence_of(id).url for id in manifest.licence],
        in_language=list(languages) or None,
        distribution=[*objects, *sets],
        record_sets=[records],
    )
    errors = sorted(metadata.issues.errors)
    if errors:
        raise Failed(f"{repo}: its Croissant description has an error: {errors[0]}")
    written = json.dumps(metadata.to_json(), ensure_ascii=False, indent=2, default=str)
    return written + "\n"


def _type(arrow: Any) -> Any:
    import mlcroissant as mlc

    known = {"int64": mlc.DataType.INT64, "double": mlc.DataType.FLOAT64, "bool": mlc.DataType.BOOL}
    return known.get(str(arrow), mlc.DataType.TEXT)
