"""The digest tree of case_flow's log."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v2

revision = "case_flow_0002"
down_revision = "case_flow_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v2.create()
