#!/usr/bin/env bash
# Usage: scripts/backup.sh [--env FILE]
#
# Backs up the database and the pictures into a new folder of Backup__Folder, whole or not at all: bookit-<UTC>Z with
# database.dump, pictures.tar and SHA256SUMS. See docs/backups.md. Variables, which may also stand in FILE, as in .env:
#
#   ConnectionStrings__Postgres, Avatars__Folder or S3__…   as the Api has them
#   Backup__Folder          where backups go
#   Backup__Keep            how many are kept (14)
#   Backup__Recipient       age's public keys (age1…), separated by spaces: encrypts, so that only whoever has the
#                           private key reads it; this machine does not need that key
#   Backup__MetricsFolder   where node_exporter's textfile collector looks; empty: no metrics
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/backups.sh"

case $#:${1:-} in
  0:) ;;
  2:--env) read_variables "$2" ;;
  *) sed -n '2,3p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
esac

folder=${Backup__Folder:-}
keep=${Backup__Keep:-14}
[[ $folder ]] || fail "Backup__Folder is missing: where are backups to go?"
[[ $keep =~ ^[1-9][0-9]{0,5}$ ]] || fail "Backup__Keep is to be a number from 1 on, not '$keep'."
use_postgres
use_pictures
need flock util-linux
suffix=
recipients=()
if [[ ${Backup__Recipient:-} ]]; then
  need age age
  suffix=.age
  for recipient in ${Backup__Recipient//,/ }; do
    recipients+=(--recipient "$recipient")
  done
fi

mkdir -p "$folder"
exec 9>>"$folder/.lock"
flock --nonblock 9 || fail "Another backup into $folder is running."

rm -rf "$folder"/.partial-* "$folder"/.old-* # of a run that was killed
name=bookit-$(date -u +%Y%m%dT%H%M%SZ)
while [[ -e $folder/$name ]]; do
  sleep 0.1
  name=bookit-$(date -u +%Y%m%dT%H%M%SZ)
done
partial=$folder/.partial-$name
trap 'rm -rf "$partial"' EXIT
mkdir "$partial"

seal() {
  if [[ $suffix ]]; then
    age --encrypt "${recipients[@]}"
  else
    cat
  fi
}

# Pictures come and go meanwhile: one that goes while it is being copied fails a copy, and is not looked for by the next.
copy_pictures() {
  local attempt
  if [[ $bucket ]]; then
    s3_copy "store:$bucket" "$partial/pictures" || fail "The pictures could not be copied from the bucket $bucket."
    return
  fi
  [[ -d ${Avatars__Folder:?} ]] || fail "The folder of pictures, $Avatars__Folder, is not there."
  for attempt in 1 2 3 4 5; do
    if cp -pRu "$Avatars__Folder/." "$partial/pictures/avatars" 2>"$partial/errors"; then
      return
    fi
    sleep "0.$attempt"
  done
  cat "$partial/errors" >&2
  fail "The pictures could not be copied from $Avatars__Folder."
}

mkdir -p "$partial/pictures/avatars"
copy_pictures

# The dump is read whole, by another program than the one that made it, on its way to the disk: it never lies there
# unencrypted.
began=$(date +%s)
mkfifo "$partial/reread"
pg_restore --file=/dev/null <"$partial/reread" 2>"$partial/errors" &
rereading=$!
pg_dump --no-password --format=custom --lock-wait-timeout=60000 | tee "$partial/reread" | seal >"$partial/database.dump$suffix" ||
  fail "The database could not be dumped."
wait "$rereading" || {
  cat "$partial/errors" >&2
  fail "The dump cannot be read."
}
rm -f "$partial/reread" "$partial/errors"

# Once more, for those that the dump names and that came after the first copy. Those that it names and that were deleted
# since are in the first.
copy_pictures
rm -f "$partial/errors"
if [[ ! $bucket ]]; then
  # As they lie in a bucket, so that a backup can be restored to either.
  rm -rf "$partial/pictures/avatars/default" # copies of others
  [[ ! -d $partial/pictures/avatars/floor ]] || mv "$partial/pictures/avatars/floor" "$partial/pictures/floor"
fi
mkdir -p "$partial/pictures/floor"
find "$partial/pictures" -name '*.part' -delete
tar -C "$partial/pictures" -cf - avatars floor | seal >"$partial/pictures.tar$suffix" ||
  fail "The pictures could not be packed."
rm -rf "$partial/pictures"

(cd "$partial" && sha256sum -- *"$suffix" >.sums && mv .sums SHA256SUMS)
sync "$partial"/* "$partial" 2>/dev/null || sync
mv -T "$partial" "$folder/$name"
sync "$folder" 2>/dev/null || sync
trap - EXIT

size=0
for file in "$folder/$name"/*; do
  size=$((size + $(wc -c <"$file")))
done
if [[ ${Backup__MetricsFolder:-} ]]; then
  mkdir -p "$Backup__MetricsFolder"
  metrics=$Backup__MetricsFolder/bookit_backup.prom
  cat >"$metrics.new" <<METRICS
# HELP bookit_backup_last_success_timestamp_seconds Of which moment the last good backup is, in seconds since 1970.
# TYPE bookit_backup_last_success_timestamp_seconds gauge
bookit_backup_last_success_timestamp_seconds $began
# HELP bookit_backup_size_bytes How large it is.
# TYPE bookit_backup_size_bytes gauge
bookit_backup_size_bytes $size
METRICS
  chmod 644 "$metrics.new" # node_exporter is somebody else
  mv "$metrics.new" "$metrics"
fi

# Their names sort by their times. Renamed first: what is half deleted must not look like a backup.
backups=("$folder"/bookit-*Z)
for ((i = 0; i < ${#backups[@]} - keep; i++)); do
  old=$folder/.old-${backups[i]##*/}
  mv -T "${backups[i]}" "$old"
  rm -rf "$old"
done

echo "$folder/$name ($size bytes)"
