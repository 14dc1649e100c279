"""${message}.${"" if down_revision is None else f" After {down_revision}."}"""

import sqlalchemy as sa
from alembic import op
${"\n" + "\n".join(sorted(imports)) if isinstance(imports, (list, set)) else "\n" + imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
