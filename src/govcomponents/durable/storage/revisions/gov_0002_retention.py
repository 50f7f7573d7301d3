"""Adds what version 2 has: indexes for retention, and the table of documents that processes share.

It does what `govcomponents durable migrate` does, with the same code, so that the two cannot differ.
"""

from __future__ import annotations

from alembic import op

from govcomponents.durable.storage.migrating import back_to_first, migrate_on

revision = "gov_0002"
down_revision = "gov_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables up to date, or find them so."""
    migrate_on(op.get_bind())


def downgrade() -> None:
    """Take away what version 2 added; nothing that a service promised is in it."""
    back_to_first(op.get_bind())
