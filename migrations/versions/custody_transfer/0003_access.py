"""Who read what is sealed of custody_transfer."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v3

revision = "custody_transfer_0003"
down_revision = "custody_transfer_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v3.create()
