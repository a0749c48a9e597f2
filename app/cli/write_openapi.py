"""Write the API's description to a file."""

import json
from pathlib import Path

from pydantic import SecretStr

from app.main import create_app
from app.settings import Settings


def write_openapi(target: Path) -> None:
    """Write what `/openapi.json` answers, indented. Needs neither servers nor settings."""
    nowhere = Settings(database_url=SecretStr("postgresql://nowhere/toplu"), redis_url=SecretStr("redis://nowhere"))
    document = create_app(nowhere).openapi()
    target.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
