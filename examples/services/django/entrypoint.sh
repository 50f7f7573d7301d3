#!/bin/sh
# web: the pages. work: makes what is due, and handles what came. celery, tasks: the same, by Celery or by Django's tasks.
# migrate: makes the tables, or brings them up to date.
set -eu
case "${1:-web}" in
  web) exec gunicorn --worker-tmp-dir /dev/shm -c gunicorn.conf.py renewal.wsgi ;;
  work) exec python manage.py govcomponents_work ;;
  celery) exec celery --app renewal.celery worker --beat --schedule /tmp/celerybeat ;;
  tasks) exec python manage.py db_worker ;;
  migrate) exec python manage.py migrate ;;
  *) echo "Say web, work, celery, tasks or migrate, not $1." >&2; exit 2 ;;
esac
