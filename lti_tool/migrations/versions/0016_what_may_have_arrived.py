"""Of each delivery, whether an attempt before may have left its statement in the LRS."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("delivery", sa.Column("tried", sa.Boolean(), nullable=False, server_default=sa.false()))
    # What was frozen may have been sent since, whatever became of its attempts.
    op.execute(
        "UPDATE delivery SET tried = (1 = 1) "
        "WHERE state = 'pending' AND part = 0 AND (attempts > 0 OR body IS NOT NULL)"
    )
    op.execute(
        "UPDATE delivery SET tried = (1 = 1) WHERE state = 'parked' AND part = 0 "
        "AND (attempts > 1 OR answer LIKE 'another statement stands under this id%')"
    )


def downgrade() -> None:
    op.drop_column("delivery", "tried")
