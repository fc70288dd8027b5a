#!/usr/bin/env bash
# Usage: scripts/restore.sh [--env FILE] [--replace] BACKUP
#
# Restores what scripts/backup.sh has made: BACKUP is one of its folders. Stop the Api and the bot first. The database is
# made if it is missing; one that has something in it is refused, unless --replace is given. Whatever goes wrong, the
# database is as it was. Variables, which may also stand in FILE, as in .env:
#
#   ConnectionStrings__Postgres, Avatars__Folder or S3__…   where to, as the Api has them
#   Backup__IdentityFile    the file with age's private key, where the backup is encrypted
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/backups.sh"

replace='' backup=''
while (($# > 0)); do
  case $1 in
    --env) read_variables "${2:-}" && shift ;;
    --replace) replace=1 ;;
    -*) sed -n '2p' "${BASH_SOURCE[0]}" >&2 && exit 2 ;;
    *) backup=$1 ;;
  esac
  shift
done
[[ $backup ]] || { sed -n '2p' "${BASH_SOURCE[0]}" >&2 && exit 2; }
[[ -f $backup/SHA256SUMS ]] || fail "$backup is no backup: there is no SHA256SUMS in it."
use_postgres
use_pictures

suffix=
if [[ -f $backup/database.dump.age ]]; then
  need age age
  suffix=.age
  [[ ${Backup__IdentityFile:-} ]] || fail "The backup is encrypted: set Backup__IdentityFile to the file with the private key."
  [[ -r $Backup__IdentityFile ]] || fail "Backup__IdentityFile, $Backup__IdentityFile, cannot be read."
fi

unseal() { # FILE
  if [[ $suffix ]]; then
    age --decrypt --identity "$Backup__IdentityFile" "$backup/$1$suffix"
  else
    cat "$backup/$1"
  fi
}

sql() { # STATEMENT [psql's options]. The statement may use :"database".
  psql --no-psqlrc --no-password --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --set database="$PGDATABASE" \
    "${@:2}" <<<"$1"
}

echo "Checking the backup ..."
(cd "$backup" && sha256sum --check --quiet SHA256SUMS) || fail "The backup is damaged."
unseal database.dump | pg_restore --file=/dev/null || fail "The dump cannot be read."
unseal pictures.tar | tar -tf - >/dev/null || fail "The pictures cannot be read."

if ! sql "SELECT" >/dev/null 2>&1; then
  sql 'CREATE DATABASE :"database"' --dbname=postgres || fail "The database $PGDATABASE cannot be reached, or made."
fi
if [[ $(sql "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')") != 0 ]]; then
  [[ $replace ]] || fail "The database $PGDATABASE has something in it. Say --replace if that may go."
fi
# Whoever has left just now, such as the statement before, may be listed for a moment longer.
for ((look = 0; look < 20; look++)); do
  others=$(sql "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'")
  ((others > 0)) || break
  sleep 0.2
done
((others == 0)) || fail "The database $PGDATABASE is in use by $others connections. Stop the Api and the bot first."

# Before the database: what it names is there from its first moment, and pictures that nothing names do no harm. A
# restore that is cut short here is to be done again.
echo "Restoring the pictures ..."
if [[ $bucket ]]; then
  temporary=$(mktemp -d)
  trap 'rm -rf "$temporary"' EXIT
  unseal pictures.tar | tar -C "$temporary" -xf -
  rclone --config '' --quiet mkdir "store:$bucket"
  s3_copy "$temporary" "store:$bucket" || fail "The pictures could not be copied to the bucket $bucket."
else
  mkdir -p "${Avatars__Folder:?}/floor"
  # Taken from the archive in two parts, because avatars lie in the folder itself.
  unseal pictures.tar | tar -C "$Avatars__Folder" --strip-components=1 -xf - avatars
  unseal pictures.tar | tar -C "$Avatars__Folder" -xf - floor
fi

# One transaction; COMMIT is said only after the dump was read to its end.
echo "Restoring the database ..."
{
  echo "BEGIN; SET LOCAL lock_timeout = '10s';"
  [[ ! $replace ]] || echo "DROP SCHEMA public CASCADE; CREATE SCHEMA public;"
  unseal database.dump | pg_restore --file=- --no-owner --no-privileges --no-comments && echo "COMMIT;"
} | psql --no-psqlrc --no-password --quiet --set ON_ERROR_STOP=1 >/dev/null || fail "The database was not restored."
sql "ANALYZE"

sql "SELECT count(*) || ' reservations are there, the last one made at ' || coalesce(max(made_at)::text, '—') FROM reservations"
