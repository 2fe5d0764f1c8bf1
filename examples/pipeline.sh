#!/bin/sh
# Rolls an action plan back in a pipeline, and says by its exit code what the pipeline is to do next.
#
#   pipeline.sh PLAN [REPORTS]     PLAN: UUID of the action plan; REPORTS: folder for the results (default: reports)
#
# Needs ROLLBACK_URL (or the catalog) and OS_* or OS_CLOUD. ROLLBACK_COMMAND: how the command is called here
# (default: watcher-rollback); ROLLBACK_WAIT: how long to wait (default: 30m).
set -u

plan=${1:?usage: pipeline.sh PLAN [REPORTS]}
reports=${2:-reports}
rollback=${ROLLBACK_COMMAND:-watcher-rollback}
mkdir -p "$reports"

# stdout is the result, as one JSON document; progress and sentences for people go to stderr, into the log of the job.
# $rollback is not quoted: it may be several words ("npx watcher-rollback").
$rollback run "$plan" --timeout "${ROLLBACK_WAIT:-30m}" --junit "$reports/rollback.xml" --json > "$reports/rollback.json"
code=$?

case $code in
  0) echo "The cloud is as it was before $plan." ;;
  3) echo "Some of it came back, some did not: see $reports/rollback.xml." >&2 ;;
  4) echo "Nothing came back: see $reports/rollback.xml." >&2 ;;
  5) echo "Somebody cancelled the rollback." >&2 ;;
  6) echo "The rollback was refused: nothing was touched." >&2 ;;
  7) echo "The service is away: run this job again, it goes on where it was." >&2 ;;
  8) echo "Not ended in time. It goes on: $rollback watch $plan" >&2 ;;
  130 | 143) echo "The job was cancelled; the rollback goes on: $rollback watch $plan" >&2 ;;
  *) echo "Something else went wrong ($code)." >&2 ;;
esac
exit "$code"
