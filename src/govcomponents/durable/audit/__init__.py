"""The audit: what happened on each journey, in rows that are only ever added, chained by hashes, without people."""
