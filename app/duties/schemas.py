"""Duties as they cross the edge."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.kit.page import PageBody


class Duty(BaseModel):
    """Something that has to be done by `due_at`."""

    kind: Annotated[str, Field(description="What it is; new kinds may come.", examples=["transfer_notification"])]
    object_id: Annotated[str, Field(description="The entry or request that it is about.")]
    title: str
    state: Literal["ok", "warning", "overdue", "done"]
    started_at: datetime
    warn_at: datetime
    due_at: datetime
    done_at: datetime | None
    certain: Annotated[
        bool, Field(description="False: feasts of that time are not known yet; `due_at` is too early then.")
    ]


class DutyPage(PageBody[Duty]):
    """A page of duties."""
