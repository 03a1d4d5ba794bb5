"""Who read what is sealed of case_flow."""  # noqa: N999 - Alembic's way to order files

from migrations import log_v3

revision = "case_flow_0003"
down_revision = "case_flow_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    log_v3.create()
