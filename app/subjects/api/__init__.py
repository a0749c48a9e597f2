"""The routes of this room."""

from fastapi import APIRouter

from app.subjects.api import people, requests

router = APIRouter(prefix="/v1")
router.include_router(people.router)
router.include_router(requests.router)
