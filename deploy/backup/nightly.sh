#!/usr/bin/env bash
# Backs up every night at three o'clock (UTC), and at once where there is no backup of the last day. What failed is tried
# again in an hour; an alert tells when the last good one is too old.
set -uo pipefail
: "${Backup__Folder:?}"

waiting=
trap '[[ ! $waiting ]] || kill "$waiting"; exit 0' TERM INT

pause() { # SECONDS
  sleep "$1" &
  waiting=$!
  wait "$waiting"
  waiting=
}

until_three() {
  echo "$(((86400 + $(date -ud 03:00 +%s) - $(date +%s) - 1) % 86400 + 1))"
}

if find "$Backup__Folder" -maxdepth 1 -name 'bookit-*Z' -mmin -1440 | grep -q .; then
  pause "$(until_three)"
fi
while true; do
  if bash "${BASH_SOURCE[0]%/*}/backup.sh"; then
    pause "$(until_three)"
  else
    echo "The backup failed; again in an hour." >&2
    pause 3600
  fi
done
