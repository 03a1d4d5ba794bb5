"""Run coordinator alone: `python -m services.coordinator`."""

from services.coordinator.app import make
from services.kernel.serve import serve

serve(make)
