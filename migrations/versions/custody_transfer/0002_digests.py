"""The digest tree of custody_transfer's log."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v2

revision = "custody_transfer_0002"
down_revision = "custody_transfer_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v2.create()
