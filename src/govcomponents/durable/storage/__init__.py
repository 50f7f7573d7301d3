"""The store: tables, migrations, engines, sealing, and one INSERT on whoever's transaction."""
