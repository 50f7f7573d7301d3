#!/bin/sh
# web: the pages. work: makes what is due, and handles what came. celery: the same, by Celery. migrate: makes the tables, or brings them up to date.
set -eu
case "${1:-web}" in
  web) exec gunicorn -c gunicorn.conf.py renewal.wsgi ;;
  work) exec python manage.py govcomponents_work ;;
  celery) exec celery --app renewal.celery worker --beat --schedule /tmp/celerybeat ;;
  migrate) exec python manage.py migrate ;;
  *) echo "Say web, work, celery or migrate, not $1." >&2; exit 2 ;;
esac
