"""The endpoints of collections (what they are is in `shelf`)."""

from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from hub.rehearsal import shelf
from hub.rehearsal.context import hub_of, param, text
from hub.rehearsal.errors import HubError, bad_request, conflict
from hub.rehearsal.settings import now
from hub.rehearsal.shelf import Collection, Item

_ITEM_TYPES = get_args(Item.model_fields["type"].annotation)
MAX_ITEMS = 1000


def _shown(collection: Collection) -> dict[str, Any]:
    return {
        "slug": collection.slug,
        "title": collection.title,
        "description": collection.description,
        "owner": {"name": collection.owner, "fullname": collection.owner, "type": "user"},
        "items": [_item(item, position) for position, item in enumerate(collection.items)],
        "lastUpdated": collection.updated_at,
        "position": 0,
        "private": collection.private,
        "theme": collection.theme,
        "upvotes": 0,
        "gating": False,
    }


def _item(item: Item, position: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"_id": item.object_id, "id": item.id, "type": item.type}
    if item.note is not None:
        shown["note"] = {"text": item.note, "html": ""}
    return {**shown, "position": position}


def _slug(request: Request) -> str:
    return f"{param(request, 'namespace')}/{param(request, 'slug')}"


def _visible(request: Request, collection: Collection) -> bool:
    accounts = hub_of(request).accounts
    user = accounts.asking(request)
    return not collection.private or accounts.may_write(user, collection.owner)


def listing(request: Request) -> Response:
    """GET /api/collections with `owner` and `item` (`models/ns/name`)."""
    asked = request.query_params
    found = [
        collection
        for collection in hub_of(request).shelf.all()
        if _visible(request, collection)
        and (not asked.getlist("owner") or collection.owner in asked.getlist("owner"))
        and (
            not asked.getlist("item")
            or {f"{i.type}s/{i.id}" for i in collection.items} & set(asked.getlist("item"))
        )
    ]
    shown = [_shown(collection) for collection in found]
    for item in shown:
        del item["position"]  # in a list the client counts for itself, and refuses a second one
    return JSONResponse(shown)


def get(request: Request) -> Response:
    """GET /api/collections/{slug}"""
    found = shelf.by_slug(hub_of(request).shelf.all(), _slug(request))
    if not _visible(request, found):
        raise HubError(404, "Collection not found")
    return JSONResponse(_shown(found))


def create(request: Request, body: dict[str, Any]) -> Response:
    """POST /api/collections {title, namespace, description?, private}; 409 for a title in use."""
    hub = hub_of(request)
    owner, title = text(body, "namespace", 96), text(body, "title", 60)
    hub.accounts.require_writer(request, owner)
    with hub.shelf.changing() as collections:
        for known in collections:
            if (known.owner, known.title) == (owner, title):
                raise conflict("This collection exists already", slug=known.slug)
        description = body.get("description")
        found = Collection(
            slug=shelf.new_slug(owner, title),
            title=title,
            owner=owner,
            description=None if description is None else str(description)[:150],
            private=bool(body.get("private")),
        )
        collections.append(found)
    return JSONResponse(_shown(found))


def update(request: Request, body: dict[str, Any]) -> Response:
    """PATCH /api/collections/{slug} {title?, description?, private?, theme?}"""
    hub = hub_of(request)
    hub.accounts.require_writer(request, param(request, "namespace"))
    with hub.shelf.changing() as collections:
        found = shelf.by_slug(collections, _slug(request))
        if "title" in body:
            found.title = text(body, "title", 60)
        if "description" in body:
            found.description = str(body["description"])[:150]
        if "private" in body:
            found.private = bool(body["private"])
        if "theme" in body:
            found.theme = text(body, "theme", 20)
        found.updated_at = now()
    return JSONResponse({"success": True, "data": _shown(found)})


def delete(request: Request) -> Response:
    """DELETE /api/collections/{slug}"""
    hub = hub_of(request)
    hub.accounts.require_writer(request, param(request, "namespace"))
    with hub.shelf.changing() as collections:
        collections.remove(shelf.by_slug(collections, _slug(request)))
    return PlainTextResponse("OK")


def add_item(request: Request, body: dict[str, Any]) -> Response:
    """POST /api/collections/{slug}/items {item: {id, type}, note?}; 409 if it is there."""
    hub = hub_of(request)
    hub.accounts.require_writer(request, param(request, "namespace"))
    item = body.get("item")
    if not isinstance(item, dict) or item.get("type") not in _ITEM_TYPES:
        raise bad_request(f"'item' needs an 'id' and a 'type' among {', '.join(_ITEM_TYPES)}")
    note = body.get("note")
    new = Item(
        id=text(item, "id", 300), type=item["type"], note=None if note is None else str(note)
    )
    with hub.shelf.changing() as collections:
        found = shelf.by_slug(collections, _slug(request))
        if any((known.id, known.type) == (new.id, new.type) for known in found.items):
            raise conflict("This item is in the collection already")
        if len(found.items) >= MAX_ITEMS:
            raise bad_request(f"A collection holds at most {MAX_ITEMS} items")
        found.items.append(new)
        found.updated_at = now()
    return JSONResponse(_shown(found))


def update_item(request: Request, body: dict[str, Any]) -> Response:
    """PATCH /api/collections/{slug}/items/{item} {note?, position?}"""
    hub = hub_of(request)
    hub.accounts.require_writer(request, param(request, "namespace"))
    with hub.shelf.changing() as collections:
        found = shelf.by_slug(collections, _slug(request))
        item = _find(found, param(request, "item"))
        if "note" in body:
            item.note = str(body["note"])[:500]
        if isinstance(body.get("position"), int):
            found.items.remove(item)
            found.items.insert(body["position"], item)
        found.updated_at = now()
    return JSONResponse({"success": True})


def delete_item(request: Request) -> Response:
    """DELETE /api/collections/{slug}/items/{item}"""
    hub = hub_of(request)
    hub.accounts.require_writer(request, param(request, "namespace"))
    with hub.shelf.changing() as collections:
        found = shelf.by_slug(collections, _slug(request))
        found.items.remove(_find(found, param(request, "item")))
        found.updated_at = now()
    return JSONResponse({"success": True})


def _find(collection: Collection, object_id: str) -> Item:
    for item in collection.items:
        if item.object_id == object_id:
            return item
    raise HubError(404, "Item not found")
