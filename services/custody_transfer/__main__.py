"""Run custody_transfer alone: `python -m services.custody_transfer`."""

from services.custody_transfer.app import make
from services.kernel.serve import serve

serve(make)
