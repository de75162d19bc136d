"""Signatures with a key pair of the publisher's own, by `model-signing` (sigstore bundles).

    openssl ecparam -name prime256v1 -genkey -noout -out release-key.pem       kept secret
    openssl ec -in release-key.pem -pubout -out release-key.pub                given to everybody

What is signed is `release.json`: version, publication digest, the digest of the release before, and
the sha256 of every file of every repo. The release file holds the public key's fingerprint, so that
another key cannot take its place unseen. Without a key the release says that it is unsigned.
"""

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.failure import BadInput, Unexpected
from hub.publication import PUBLIC_KEY, RELEASE, SIGNATURE, Publication

_EXPLAINED = "make one with `openssl ecparam -name prime256v1 -genkey -noout -out FILE`"


@dataclass(frozen=True)
class Signer:
    """A private key on disk, and the public half of it."""

    path: Path
    public: bytes
    """PEM"""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public)

    def sign(self, release: bytes) -> dict[str, bytes]:
        """The signature of `release.json` and the public key, by the names of their files."""
        from model_signing import signing

        with tempfile.TemporaryDirectory() as folder:
            content = Path(folder) / "release"
            content.mkdir()
            (content / RELEASE).write_bytes(release)
            bundle = Path(folder) / SIGNATURE
            configuration: Any = signing.Config
            configuration().use_elliptic_key_signer(private_key=self.path).sign(content, bundle)
            return {SIGNATURE: bundle.read_bytes(), PUBLIC_KEY: self.public}


def check_key(publication: Publication, signer: Signer | None, unsigned: bool) -> None:
    """Raises BadInput unless the key at hand is the one that the release file names."""
    if signer is None and publication.key and not unsigned:
        raise BadInput(
            f"the release file says it is signed by {publication.key}: give it with --key"
        )
    if signer is not None and signer.fingerprint != publication.key:
        named = publication.key or "none"
        raise BadInput(
            f"the key has the fingerprint {signer.fingerprint} and the release file names {named}: "
            "set `signing_key` there, so that readers know which key to expect"
        )


def load_signer(path: Path) -> Signer:
    """Raises BadInput for a file that is no EC key without a password, or that others can read."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        if path.stat().st_mode & 0o077:
            raise BadInput(f"{path} is a private key that others can read: chmod 600 {path}")
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise BadInput(f"the key {path} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise BadInput(
            f"{path} is not a private key in PEM without a password: {_EXPLAINED}"
        ) from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise BadInput(f"{path} is not an elliptic-curve key: {_EXPLAINED}")
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return Signer(path, public)


def fingerprint(public: bytes) -> str:
    """`sha256:…` over the public key in DER, as `openssl pkey -pubin -outform DER | sha256sum`."""
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_public_key(public)
    except ValueError:
        raise BadInput("this is not a public key in PEM") from None
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def fingerprint_in(path: Path) -> str:
    """Of the public key in a file; raises BadInput where there is none."""
    try:
        return fingerprint(path.read_bytes())
    except OSError as error:
        raise BadInput(f"the key {path} cannot be read: {error.strerror}") from None
    except BadInput:
        raise BadInput(f"{path} is not a public key in PEM") from None


def check_signature(release: bytes, signature: bytes, public: bytes, expected: str) -> None:
    """Raises Unexpected unless `public` is the expected key and signed exactly these bytes."""
    from model_signing import verifying

    if fingerprint(public) != expected:
        raise Unexpected(
            f"release.json is signed by the key {fingerprint(public)}, and not by {expected}"
        )
    with tempfile.TemporaryDirectory() as folder:
        content, bundle, key = Path(folder) / "release", Path(folder) / "sig", Path(folder) / "key"
        content.mkdir()
        (content / RELEASE).write_bytes(release)
        bundle.write_bytes(signature)
        key.write_bytes(public)
        configuration: Any = verifying.Config
        try:
            configuration().use_elliptic_key_verifier(public_key=key).verify(content, bundle)
        except Exception as error:  # sigstore and cryptography raise many kinds
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise Unexpected(f"the signature of release.json does not hold: {reason}") from None
