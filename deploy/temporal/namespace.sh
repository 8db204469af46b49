#!/bin/sh
# Creates the namespace and the search attributes that operators filter by. May be run again: what exists is left alone.
# The attributes are those of `workflows/attributes.py`; a test compares the two. Codes only, never a person's words (Art. 15).
set -eu

# By number and not by name: gRPC's look-up of a service record for the name can outlast the deadline on Compose networks.
host="${TEMPORAL_ADDRESS%%:*}"
address="$(getent ahosts "$host" | awk '/STREAM/ && $1 !~ /:/ { print $1; exit }')"
export TEMPORAL_ADDRESS="${address:-$host}:${TEMPORAL_ADDRESS##*:}"

# Run a command until it succeeds, for a minute: a new namespace takes seconds to be known to every part of the server.
patiently() {
  attempts=30
  until "$@" </dev/null; do
    attempts=$((attempts - 1))
    if [ "$attempts" -eq 0 ]; then
      echo "gave up: $*" >&2
      return 1
    fi
    sleep 2
  done
}

patiently temporal operator cluster health

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
  echo "namespace $TEMPORAL_NAMESPACE exists"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$TEMPORAL_RETENTION"
fi

while read -r name type; do
  patiently temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "$name" --type "$type"
done <<'ATTRIBUTES'
CaseStatus Keyword
Hands Keyword
District Keyword
Matter Keyword
Channel Keyword
RuleSet Keyword
Units KeywordList
DueAt Datetime
Overdue Bool
Returns Int
ATTRIBUTES
