"""The log of custody_transfer and its views."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v1

revision = "custody_transfer_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v1.create()
