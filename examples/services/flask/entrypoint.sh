#!/bin/sh
# web: the pages. work: makes what is due, and handles what came.
set -eu
case "${1:-web}" in
  web) exec gunicorn --worker-tmp-dir /dev/shm -c gunicorn.conf.py 'renewal:create_app()' ;;
  work) exec flask --app renewal gov work ;;
  *) echo "Say web or work, not $1." >&2; exit 2 ;;
esac
