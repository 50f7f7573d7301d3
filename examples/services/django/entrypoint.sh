#!/bin/sh
# web: the pages. work: makes what is due, and handles what came. migrate: makes the tables, or brings them up to date.
set -eu
case "${1:-web}" in
  web) exec gunicorn -c gunicorn.conf.py renewal.wsgi ;;
  work) exec python manage.py govcomponents_work ;;
  migrate) exec python manage.py migrate ;;
  *) echo "Say web, work or migrate, not $1." >&2; exit 2 ;;
esac
