"""Which files are "large": what `.gitattributes` says, and what the Hub decides by looking.

A file goes to large storage if a pattern in `.gitattributes` says so, if it is over 10 MB, or if
its first bytes are not text. In the last two cases the commit adds a line to `.gitattributes`, as
the Hub does, so that a `git clone` knows which files are pointers.
"""

from io import BytesIO

from dulwich.attrs import (
    GitAttributes,
    compile_gitattributes_patterns,
    parse_git_attributes,
)

MAX_REGULAR_BYTES = 10_000_000

_MODEL_PATTERNS = [
    "*.7z",
    "*.arrow",
    "*.bin",
    "*.bz2",
    "*.ckpt",
    "*.ftz",
    "*.gz",
    "*.h5",
    "*.joblib",
    "*.lfs.*",
    "*.mlmodel",
    "*.model",
    "*.msgpack",
    "*.npy",
    "*.npz",
    "*.onnx",
    "*.ot",
    "*.parquet",
    "*.pb",
    "*.pickle",
    "*.pkl",
    "*.pt",
    "*.pth",
    "*.rar",
    "*.safetensors",
    "saved_model/**/*",
    "*.tar.*",
    "*.tar",
    "*.tflite",
    "*.tgz",
    "*.wasm",
    "*.xz",
    "*.zip",
    "*.zst",
    "*tfevents*",
]
_MEDIA_PATTERNS = [
    "*.lz4",
    "*.mds",
    "*.pcm",
    "*.sam",
    "*.raw",
    "*.aac",
    "*.flac",
    "*.mp3",
    "*.ogg",
    "*.wav",
    "*.bmp",
    "*.gif",
    "*.png",
    "*.tiff",
    "*.jpg",
    "*.jpeg",
    "*.webp",
    "*.mp4",
    "*.webm",
]


def default_gitattributes(kind: str) -> bytes:
    """The `.gitattributes` that a new repo starts with."""
    patterns = _MODEL_PATTERNS + (_MEDIA_PATTERNS if kind == "dataset" else [])
    return "".join(_line(pattern) for pattern in patterns).encode()


class LargeFileRules:
    """The rules of one `.gitattributes` file."""

    def __init__(self, gitattributes: str) -> None:
        lines = parse_git_attributes(BytesIO(gitattributes.encode()))
        patterns = compile_gitattributes_patterns(lines, b".gitattributes")
        self._attributes = GitAttributes(list(patterns))

    def matches(self, path: str) -> bool:
        return self._attributes.match_path(path.encode()).get(b"filter") == b"lfs"

    def is_large(self, path: str, size: int, sample: bytes) -> bool:
        return size > MAX_REGULAR_BYTES or self.matches(path) or not is_text(sample)


def is_text(sample: bytes) -> bool:
    """Whether the first bytes of a file are UTF-8 text (a character cut at the end is allowed)."""
    if b"\0" in sample:
        return False
    try:
        sample.decode()
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return True


def with_large_files(gitattributes: str, paths: list[str]) -> str:
    """The same `.gitattributes` with one line more for each path."""
    if gitattributes and not gitattributes.endswith("\n"):
        gitattributes += "\n"
    return gitattributes + "".join(
        _line(path.replace(" ", "[[:space:]]")) for path in sorted(paths)
    )


def _line(pattern: str) -> str:
    return f"{pattern} filter=lfs diff=lfs merge=lfs -text\n"
