"""The registry of processing, to take out."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response

from app.kit.ids import encode
from app.registers.compile_record import ProcessingRecord, compile_record, write_csv
from app.registers.record_schemas import ProcessingRegistry
from app.tenants.door import Transaction, reads
from app.tenants.name_actor import name_actor

router = APIRouter()

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "As JSON, or as CSV.", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


@router.get("/export", response_model=ProcessingRegistry, responses=_CSV)
async def export_registers(
    tx: Annotated[Transaction, reads("registers:export")],
    form: Annotated[Literal["json", "csv"], Query(alias="format")] = "json",
) -> Any:
    """Export the registry of processing: purposes, data, recipients, transfers, retention, measures.

    It has the contents that article 16/3 of Law 6698 asks of the registry (VERBİS), purpose by purpose. Each export is
    written down in the audit, under the id that the export carries.
    """
    compiled = await compile_record(tx.session, tx.tenant, form=form, actor=name_actor(tx.caller))
    if form == "csv":
        name = f"processing-{encode('exp', compiled.id)}.csv"
        headers = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(write_csv(compiled), media_type="text/csv; charset=utf-8", headers=headers)
    return _shown(tx, compiled)


def _shown(tx: Transaction, compiled: ProcessingRecord) -> ProcessingRegistry:
    return ProcessingRegistry.model_validate(
        {
            "export_id": compiled.id,
            "exported_at": compiled.at,
            "exported_by": compiled.actor,
            "tenant": tx.tenant,
            "purposes": compiled.purposes,
            "processors": compiled.processors,
            "transfers": compiled.transfers,
            "disclosures": compiled.disclosures,
            "measures": compiled.measures,
        }
    )
