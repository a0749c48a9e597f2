"""`/v1/registers`: six registers with the same routes, and the export of all of it."""

from fastapi import APIRouter

from app.registers.api.entries import add_routes
from app.registers.api.export import router as export
from app.registers.describe import REGISTERS

router = APIRouter(prefix="/v1/registers", tags=["registers"])
router.include_router(export)
for register in REGISTERS:
    add_routes(router, register)
