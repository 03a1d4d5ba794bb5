"""Who read what is sealed of evidence."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v3

revision = "evidence_0003"
down_revision = "evidence_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v3.create()
