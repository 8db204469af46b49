#!/bin/sh
# Creates Temporal's two databases and brings their schemas up to the version of this image. May be run again: a database
# that exists is left alone, and a schema that is up to date stays as it is.
set -eu

SQL_PASSWORD="$(cat "$TEMPORAL_PASSWORD_FILE")"
export SQL_PASSWORD

for pair in temporal:temporal temporal_visibility:visibility; do
  database="${pair%%:*}"
  schema="/etc/temporal/schema/postgresql/v12/${pair##*:}/versioned"
  tool() { temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p 5432 -u "$POSTGRES_USER" --db "$database" "$@"; }
  echo "schema of $database"
  tool create
  tool setup-schema -v 0.0
  tool update-schema -d "$schema"
done
