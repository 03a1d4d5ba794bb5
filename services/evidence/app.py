"""evidence put together."""

from fastapi import FastAPI

from services.evidence.domain import Evidence
from services.evidence.routes import acts, router
from services.kernel.clock import Clock
from services.kernel.service import make_app, policy_beside
from services.kernel.settings import Settings


def make(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    """The app, with the settings of the environment unless others are given."""
    return make_app(
        Evidence(), policy_beside(__file__), settings or Settings(), acts, router, title="evidence", clock=clock
    )
