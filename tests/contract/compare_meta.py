"""Hold our payloads and schemas against Meta's own OpenAPI file, when you have it.

    META_OPENAPI=business-messaging.yaml python -m tests.contract.compare_meta

Meta's file may not be copied into this repository. It is read with PyYAML, of the `dev` extra. Prints
one line per difference and exits 1 if one of them is not in the list of known ones below; a known difference
is a defect or a gap of Meta's file (read in its version for Graph v23.0), each with the reason why we differ.
"""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from app.whatsapp.payloads import ButtonVariable, TemplateForm, template_message, text_message
from tests.contract import schemas

TO = "+905321234567"
ONE = TemplateForm("sonbahar", "tr", body=("ad",))
MESSAGES = "/{Version}/{Phone-Number-ID}/messages"


@dataclass(frozen=True, slots=True)
class Known:
    """A difference we live with: where (a pattern over `sample path rule`), and why."""

    where: str
    why: str


KNOWN = (
    Known(
        r"policy' is a required property",
        "language.policy is required by the file, in no page and few examples",
    ),
    Known(r"index.*is not of type 'string'", "Meta's own examples send the integer too"),
    Known(
        r"Additional properties are not allowed",
        "additionalProperties: false under allOf refuses its siblings",
    ),
    Known(r"sub_type.*'copy_code' is not one of", "coupon buttons are documented (2026-09), not in the file"),
    Known(r"'to' is a required property", "recipient replaces it since May 2026; the file is older"),
    Known(r"Meta's answer example.*wa_id.*does not match", "placeholders such as 48XXXXXXXXX"),
    Known(r"Meta's answer example.*id.*does not match", "placeholders instead of a wamid"),
    Known(r"Meta's answer example 'Send typing", "the read receipt is another call on the same path"),
)


def ours() -> dict[str, tuple[str, Any]]:
    """Samples of everything we build or expect: name, the component of Meta's file, the JSON."""
    buttons = (
        ButtonVariable(0, "quick_reply", "ad"),
        ButtonVariable(1, "url", "ad"),
        ButtonVariable(2, "copy_code", "ad"),
    )
    forms = {
        "bare template": TemplateForm("sonbahar", "tr"),
        "positional template": ONE,
        "named template": TemplateForm("sonbahar", "en_US", header=("ad",), body=("ad",), named=True),
        "template with buttons": TemplateForm("sonbahar", "tr", body=("ad",), buttons=buttons),
    }
    built = {name: template_message(form, {"ad": "Şule"}, opaque="m", to=TO) for name, form in forms.items()}
    built["template to a user id"] = template_message(ONE, {"ad": "Şule"}, opaque="m", user_id="TR.1")
    samples = {name: ("TemplateMessage", json.loads(raw)) for name, raw in built.items()}
    samples["text"] = ("TextMessage", json.loads(text_message("Merhaba", opaque="m", to=TO)))
    samples["answer"] = (
        "MessageResponsePayload",
        {
            "messaging_product": "whatsapp",
            "contacts": [{"input": TO, "wa_id": TO[1:]}],
            "messages": [{"id": "wamid.A", "message_status": "accepted"}],
        },
    )
    samples["error"] = (
        "GraphAPIError",
        {"error": {"message": "(#100) x", "type": "OAuthException", "code": 100, "fbtrace_id": "AbCdEfGhIj"}},
    )
    return samples


def differences(document: dict[str, Any]) -> list[str]:
    """Every difference, ours against Meta's components and Meta's answer examples against our schema."""
    found = []
    for name, (component, sample) in ours().items():
        whole = {"$ref": f"#/components/schemas/{component}", "components": document["components"]}
        for error in Draft202012Validator(whole).iter_errors(sample):
            found.append(f"our {name}: {error.json_path}: {error.message}")
    answers = document["paths"][MESSAGES]["post"]["responses"]["200"]["content"]["application/json"]
    for name, example in answers.get("examples", {}).items():
        for problem in schemas.problems("answer.accepted", example.get("value")):
            found.append(f"Meta's answer example '{name}': {problem}")
    return found


def main() -> int:
    """Compare and print; 0 when every difference is known, 1 when not, 2 when it cannot run."""
    path = os.environ.get("META_OPENAPI")
    if not path:
        print(__doc__)
        return 2
    try:
        import yaml  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        print("PyYAML is needed to read Meta's file: pip install pyyaml")
        return 2
    document = yaml.load(Path(path).read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    surprises = 0
    for difference in differences(document):
        known = next((one for one in KNOWN if re.search(one.where, difference)), None)
        surprises += known is None
        print(f"{'known' if known else 'NEW  '} {difference}" + (f"  [{known.why}]" if known else ""))
    print(f"{surprises} differences are new")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(main())
