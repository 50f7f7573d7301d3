"""Creates the tables of the durable layer with alembic: `alembic upgrade govcomponents@head`.

It does what `govcomponents durable migrate` does, with the same code, so that the two cannot differ.
"""

from __future__ import annotations

from alembic import op

from govcomponents.durable.storage.migrating import drop_tables, migrate_on

revision = "gov_0001"
down_revision = None
branch_labels = ("govcomponents",)
depends_on = None


def upgrade() -> None:
    """Create the tables, or find them created."""
    migrate_on(op.get_bind())


def downgrade() -> None:
    """Drop the tables, and all that is in them."""
    drop_tables(op.get_bind())
