"""Adds what version 3 has: the table of sign-ins that are under way.

It does what `govcomponents durable migrate` does, with the same code, so that the two cannot differ.
"""

from __future__ import annotations

from alembic import op

from govcomponents.durable.storage.migrating import back_to_second, migrate_on

revision = "gov_0003"
down_revision = "gov_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to date, or find them so."""
    migrate_on(op.get_bind())


def downgrade() -> None:
    """Take away what version 3 added: whoever is on their way begins anew."""
    back_to_second(op.get_bind())
