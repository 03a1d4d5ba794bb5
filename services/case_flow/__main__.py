"""Run case_flow alone: `python -m services.case_flow`."""

from services.case_flow.app import make
from services.kernel.serve import serve

serve(make)
