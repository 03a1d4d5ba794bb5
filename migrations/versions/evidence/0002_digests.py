"""The digest tree of evidence's log."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v2

revision = "evidence_0002"
down_revision = "evidence_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v2.create()
