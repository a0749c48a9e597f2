"""Message templates: what the management API keeps, and what a send is compared with."""

import re
from pathlib import Path

import msgspec

from app.sandbox.failures import GraphError, Json
from app.sandbox.ids import template_id

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2,3})?")
CATEGORIES = ("AUTHENTICATION", "MARKETING", "UTILITY")
STATUSES = ("APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED", "ARCHIVED", "IN_APPEAL", "FLAGGED")
FIELDS = ("name", "parameter_format", "components", "language", "status", "category", "id")


class Template(msgspec.Struct, kw_only=True):
    """One translation of a template; `components` are in the shape of Meta's create call."""

    name: str
    language: str
    category: str
    waba_id: str = "200000000000001"
    id: str = msgspec.field(default_factory=template_id)
    status: str = "APPROVED"
    parameter_format: str = "POSITIONAL"
    components: list[dict[str, object]] = []
    rejected_reason: str = "NONE"
    quality_score: dict[str, object] = msgspec.field(default_factory=lambda: {"score": "UNKNOWN"})
    sub_category: str | None = None
    message_send_ttl_seconds: int | None = None

    def component(self, kind: str) -> dict[str, object] | None:
        """The component of a kind (`BODY`, `HEADER`, `BUTTONS`), if the template has it."""
        return next((c for c in self.components if str(c.get("type", "")).upper() == kind), None)

    def shown(self, fields: list[str]) -> Json:
        """The node as the Graph answers it; unknown fields are left out, `id` is always there."""
        node: Json = msgspec.structs.asdict(self)
        del node["waba_id"]
        asked = [*fields, "id"] if fields else list(FIELDS)
        return {key: node[key] for key in dict.fromkeys(asked) if node.get(key) is not None}


class Templates:
    """All templates by (account, name, language), kept in a file so that a restart forgets nothing."""

    def __init__(self, kept_in: Path | None = None) -> None:
        self._kept_in = kept_in
        self._by_key: dict[tuple[str, str, str], Template] = {}
        if kept_in is not None and kept_in.exists():
            self.load(kept_in.read_bytes())

    def load(self, raw: bytes) -> None:
        """Take templates from a JSON list, replacing those of the same name and language."""
        for template in msgspec.json.decode(raw, type=list[Template]):
            known = self._by_key.get((template.waba_id, template.name, template.language))
            if known is not None:
                template.id = known.id
            elif any(other.id == template.id for other in self._by_key.values()):
                template.id = self._free_id()
            self._by_key[template.waba_id, template.name, template.language] = template
        self.keep()

    def keep(self) -> None:
        """Write the file, whole and at once."""
        if self._kept_in is not None:
            fresh = self._kept_in.with_suffix(".tmp")
            fresh.write_bytes(msgspec.json.encode(list(self._by_key.values())))
            fresh.replace(self._kept_in)

    def clear(self) -> None:
        """Forget all of them."""
        self._by_key.clear()
        self.keep()

    def find(self, waba_id: str, name: str, language: str) -> Template | None:
        """The translation, if there is one."""
        return self._by_key.get((waba_id, name, language))

    def find_by_id(self, wanted: str) -> Template | None:
        """The template with an id, if there is one."""
        return next((t for t in self._by_key.values() if t.id == wanted), None)

    def find_all(self, waba_id: str, filters: dict[str, str]) -> list[Template]:
        """The account's templates, by id; `name`, `language` exactly, `status`, `category` in any case."""
        found = [t for t in self._by_key.values() if t.waba_id == waba_id]
        for key in ("name", "language", "status", "category"):
            if key in filters:
                found = [t for t in found if str(getattr(t, key)).casefold() == filters[key].casefold()]
        return sorted(found, key=lambda t: int(t.id))

    def create(self, waba_id: str, body: Json, *, status: str) -> Template:
        """Add a template. Errors: `GraphError` 100 for a body that Meta would not take."""
        _check(body)
        known = {key: value for key, value in body.items() if key in Template.__struct_fields__}
        try:
            template = msgspec.convert({**known, "waba_id": waba_id, "id": self._free_id(), "status": status}, Template)
        except msgspec.ValidationError as wrong:
            raise GraphError(100, f"Invalid parameter: {wrong}") from None
        key = (waba_id, template.name, template.language)
        if key in self._by_key:
            raise GraphError(100, "There is already content in this language", subcode=2388024)
        self._by_key[key] = template
        self.keep()
        return template

    def delete(self, waba_id: str, *, name: str, hsm_id: str | None) -> int:
        """Remove all languages of a name, or one by id; how many went. Disabled ones stay."""
        gone = [
            key
            for key, t in self._by_key.items()
            if t.waba_id == waba_id and t.name == name and hsm_id in (None, t.id) and t.status != "DISABLED"
        ]
        for key in gone:
            del self._by_key[key]
        self.keep()
        return len(gone)

    def _free_id(self) -> str:
        taken = {t.id for t in self._by_key.values()}
        return next(fresh for fresh in iter(template_id, "") if fresh not in taken)


def _check(body: Json) -> None:
    name, language, category = body.get("name"), body.get("language"), body.get("category")
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise GraphError(100, "Param name must be lower case letters, digits and underscores")
    if not isinstance(language, str) or not LANGUAGE.fullmatch(language):
        raise GraphError(100, "Param language must be one of the supported locales")
    if category not in CATEGORIES:
        raise GraphError(100, f"Param category must be one of {{{', '.join(CATEGORIES)}}}")
    if body.get("parameter_format", "POSITIONAL") not in ("POSITIONAL", "NAMED"):
        raise GraphError(100, "Param parameter_format must be one of {POSITIONAL, NAMED}")
    components = body.get("components")
    if not isinstance(components, list) or not any(
        isinstance(c, dict) and str(c.get("type", "")).upper() == "BODY" for c in components
    ):
        raise GraphError(100, "Param components must contain a BODY")
    for component in components:
        buttons = component.get("buttons", []) if isinstance(component, dict) else None
        if not isinstance(buttons, list) or not all(isinstance(button, dict) for button in buttons):
            raise GraphError(100, "Param components[].buttons must be a list of objects")
