#!/bin/sh
# web: the pages, and in each process a worker. The access log of uvicorn holds queries, and that of a callback the code
# of a sign-in.
set -eu
case "${1:-web}" in
  web) exec uvicorn --factory renewal:create_app --host 0.0.0.0 --port "${PORT:-8000}" --workers 2 --no-access-log ;;
  *) echo "Say web, not $1." >&2; exit 2 ;;
esac
