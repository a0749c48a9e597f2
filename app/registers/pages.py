"""Pages of entries: each a class of its own, because each has its own name in the API's description."""

from app.kit.page import PageBody
from app.registers.schemas import Asset, Control, Disclosure, Incident, Processor, Transfer


class TransferPage(PageBody[Transfer]):
    """A page of transfers."""


class DisclosurePage(PageBody[Disclosure]):
    """A page of disclosures."""


class ProcessorPage(PageBody[Processor]):
    """A page of processors."""


class ControlPage(PageBody[Control]):
    """A page of controls."""


class AssetPage(PageBody[Asset]):
    """A page of assets."""


class IncidentPage(PageBody[Incident]):
    """A page of incidents."""
