"""case_flow put together."""

from fastapi import FastAPI

from services.case_flow.domain import CaseFlow
from services.case_flow.routes import acts, router
from services.kernel.clock import Clock
from services.kernel.service import make_app, policy_beside
from services.kernel.settings import Settings


def make(settings: Settings | None = None, clock: Clock | None = None) -> FastAPI:
    """The app, with the settings of the environment unless others are given."""
    return make_app(
        CaseFlow(), policy_beside(__file__), settings or Settings(), acts, router, title="case_flow", clock=clock
    )
