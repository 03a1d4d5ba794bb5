"""Run evidence alone: `python -m services.evidence`."""

from services.evidence.app import make
from services.kernel.serve import serve

serve(make)
