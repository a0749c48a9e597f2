"""A business that sends, with one obvious valid message."""

from __future__ import annotations

from typing import Any

import httpx

from tests.sandbox_process import PHONE_NUMBER_ID, TOKEN


class Caller:
    """Sends as a business would."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5.0, trust_env=False
        )

    def post(self, body: Any, *, number: str = PHONE_NUMBER_ID, version: str = "v26.0", **more: Any) -> httpx.Response:
        """Post a body to `/messages`."""
        return self.http.post(f"/{version}/{number}/messages", json=body, **more)

    def send(self, to: str = "+905320000001", **more: Any) -> str:
        """Send the greeting; the wamid."""
        response = self.post(greeting(to, **more))
        assert response.status_code == 200, response.text
        wamid: str = response.json()["messages"][0]["id"]
        return wamid

    def code(self, body: Any, **more: Any) -> int | None:
        """Post a body; Meta's error code, None when it was accepted."""
        code: int | None = self.post(body, **more).json().get("error", {}).get("code")
        return code


def greeting(to: str | None = "+905320000001", *values: str, **more: Any) -> dict[str, Any]:
    """A valid send of the template `greeting`, with further envelope fields."""
    texts = values or ("Ayşe", "42")
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **({} if to is None else {"to": to}),
        "type": "template",
        "template": {
            "name": "greeting",
            "language": {"code": "tr"},
            "components": [{"type": "body", "parameters": [{"type": "text", "text": t} for t in texts]}],
        },
        **more,
    }
