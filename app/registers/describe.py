"""The registers, described once: routes, verbs and reads are the same code for all of them."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from sqlalchemy import Table

from app.kit.page import PageBody
from app.registers import models, pages, schemas
from app.registers.judge import Judge, judge_checked, judge_disclosure, judge_incident, judge_transfer


@dataclass(frozen=True, slots=True)
class Register:
    """One register. `change` is None for one that can only be added to."""

    one: str
    about: str
    prefix: str
    table: Table
    judge: Judge
    new: type[BaseModel]
    shown: type[BaseModel]
    page: type[PageBody[Any]]
    change: type[BaseModel] | None = None

    @property
    def name(self) -> str:
        """What it is called in paths: that of its table."""
        return self.table.name


TRANSFERS = Register(
    one="transfer",
    about="Personal data that leave the country, to whom, and under which safeguard (Law 6698, article 9).",
    prefix="trf",
    table=models.transfers,
    judge=judge_transfer,
    new=schemas.NewTransfer,
    shown=schemas.Transfer,
    page=pages.TransferPage,
    change=schemas.TransferChange,
)
DISCLOSURES = Register(
    one="disclosure",
    about="Personal data given to a third party because a law allows it (Law 6698, article 8); never changed.",
    prefix="dsc",
    table=models.disclosures,
    judge=judge_disclosure,
    new=schemas.NewDisclosure,
    shown=schemas.Disclosure,
    page=pages.DisclosurePage,
)
PROCESSORS = Register(
    one="processor",
    about="Who processes personal data on your behalf, under which contract (Law 6698, article 12/2).",
    prefix="prc",
    table=models.processors,
    judge=judge_checked,
    new=schemas.NewProcessor,
    shown=schemas.Processor,
    page=pages.ProcessorPage,
    change=schemas.ProcessorChange,
)
CONTROLS = Register(
    one="control",
    about="Technical and administrative measures as a checklist (Law 6698, article 12/1).",
    prefix="ctl",
    table=models.controls,
    judge=judge_checked,
    new=schemas.NewControl,
    shown=schemas.Control,
    page=pages.ControlPage,
    change=schemas.ControlChange,
)
ASSETS = Register(
    one="asset",
    about="Information assets that have to be kept safe, and when secrets are changed.",
    prefix="ast",
    table=models.assets,
    judge=judge_checked,
    new=schemas.NewAsset,
    shown=schemas.Asset,
    page=pages.AssetPage,
    change=schemas.AssetChange,
)
INCIDENTS = Register(
    one="incident",
    about="What went wrong with data; the Board has to be told within 72 hours (Law 6698, article 12/5).",
    prefix="inc",
    table=models.incidents,
    judge=judge_incident,
    new=schemas.NewIncident,
    shown=schemas.Incident,
    page=pages.IncidentPage,
    change=schemas.IncidentChange,
)
REGISTERS = (TRANSFERS, DISCLOSURES, PROCESSORS, CONTROLS, ASSETS, INCIDENTS)
