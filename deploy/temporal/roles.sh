#!/bin/bash
# Runs once, when PostgreSQL initialises an empty volume: roles that cannot read each other's databases (Art. 15).
# `hotline` owns the file of record, and `hotline_app` works with it (storage/readers.py). `temporal` may create its own two databases and connect to nothing of the hotline's.
set -euo pipefail

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set hotline_password="$HOTLINE_DB_PASSWORD" \
  --set app_password="$HOTLINE_APP_PASSWORD" \
  --set temporal_password="$(cat "$TEMPORAL_PASSWORD_FILE")" <<'SQL'
CREATE ROLE hotline LOGIN CREATEROLE PASSWORD :'hotline_password';
CREATE ROLE hotline_app LOGIN NOINHERIT PASSWORD :'app_password';
CREATE ROLE temporal LOGIN CREATEDB PASSWORD :'temporal_password';
CREATE DATABASE hotline OWNER hotline;
REVOKE CONNECT ON DATABASE hotline FROM PUBLIC;
GRANT CONNECT ON DATABASE hotline TO hotline_app;
SQL
