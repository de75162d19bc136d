"""What a client is told when something cannot be done.

The clients choose their exception by the `X-Error-Code` header, not by the status:

    RepoNotFound      -> RepositoryNotFoundError   (also for a private repo without a token)
    RevisionNotFound  -> RevisionNotFoundError
    EntryNotFound     -> RemoteEntryNotFoundError
    GatedRepo         -> GatedRepoError

One trap: a 401 without the message "Invalid credentials in Authorization header" is read by the
client as "repo not found", whatever the body says.
"""

import errno
import re
from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

# A repo named without a namespace (`gpt2`): there are none here, and clients do ask.
_BARE_NAME = re.compile(
    r"/api/(models|datasets|spaces)/[^/]+(/(revision|tree|commits|paths-info)/.*)?$|/[^/]+/resolve/"
)


class HubError(Exception):
    """An answer that is an error: status, one sentence, and the code that clients switch on."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.headers = dict(headers or {})
        self.body = dict(body or {})


def bad_request(message: str) -> HubError:
    return HubError(400, message)


def unauthorised(message: str = "Invalid credentials in Authorization header") -> HubError:
    return HubError(401, message)


def forbidden(message: str) -> HubError:
    return HubError(403, message)


def repo_not_found() -> HubError:
    return HubError(404, "Repository not found", "RepoNotFound")


def revision_not_found(revision: str) -> HubError:
    return HubError(404, f"Invalid rev id: {revision}", "RevisionNotFound")


def entry_not_found(message: str = "Entry not found") -> HubError:
    return HubError(404, message, "EntryNotFound")


def conflict(message: str, **body: object) -> HubError:
    return HubError(409, message, body=body)


def stale_parent() -> HubError:
    return HubError(412, "A commit has happened since. Please refresh and try again.")


def too_large(message: str) -> HubError:
    return HubError(413, message)


async def answer(request: Request, error: Exception) -> Response:
    """Turn an error into the JSON and headers that the clients read."""
    if isinstance(error, HTTPException):  # the router's own: no such address, or not this method
        code = "RepoNotFound" if _BARE_NAME.match(request.url.path) else None
        message = f"{error.detail}: the rehearsal Hub has no such address"
        error = HubError(error.status_code, message, code)
    assert isinstance(error, HubError)
    headers = {**error.headers, "X-Error-Message": _header_safe(error.message)}
    if error.code is not None:
        headers["X-Error-Code"] = error.code
    return JSONResponse({"error": error.message, **error.body}, error.status, headers)


async def disk_full(request: Request, error: Exception) -> Response:
    """507 for a full disk; what was being written is dropped, what was there is as it was."""
    if not isinstance(error, OSError) or error.errno not in (errno.ENOSPC, errno.EDQUOT):
        raise error
    message = (
        "The disk of the rehearsal Hub is full: nothing of this request was kept."
        " Free some space and try again"
    )
    return await answer(request, HubError(507, message))


async def nobody_listens(_request: Request, _error: Exception) -> Response:
    """The client went away in mid-upload: nothing to answer, nothing to report."""
    return Response(status_code=499)


def _header_safe(text: str) -> str:
    """Names from a request may hold anything; a header holds printable Latin-1 on one line."""
    return "".join(c if " " <= c <= "~" else "?" for c in text)[:500]
