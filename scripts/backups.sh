# shellcheck shell=bash
# What backup.sh and restore.sh have in common. To be sourced.

umask 077

fail() { # SENTENCE
  echo "${0##*/}: $1" >&2
  exit 1
}

# Takes variables from a file as Docker and systemd read it: nothing in it is evaluated. What is set already stays.
read_variables() { # FILE
  local line name
  [[ -r $1 ]] || fail "$1 cannot be read."
  while IFS= read -r line || [[ $line ]]; do
    if [[ $line =~ ^([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]]; then
      name=${BASH_REMATCH[1]}
      [[ ${!name+set} ]] || export "$name=${BASH_REMATCH[2]}"
    fi
  done <"$1"
}

need() { # PROGRAM PACKAGE
  command -v "$1" >/dev/null || fail "$1 is missing: install the package $2."
}

# Npgsql's connection string as libpq's variables: in the environment, where other users cannot read a password as they
# could on a command line. Without one libpq's own variables count.
use_postgres() {
  local left=${ConnectionStrings__Postgres:-} key value
  if [[ ! $left ]]; then
    [[ ${PGDATABASE:-} || ${PGSERVICE:-} ]] || fail "ConnectionStrings__Postgres is missing: Host=…;Port=…;Database=…;Username=…;Password=…"
  fi
  # A value in quotes has its own quotes doubled.
  local entry="^[[:space:];]*([^=;]+)=[[:space:]]*(\"(\"\"|[^\"])*\"|'(''|[^'])*'|[^;\"'][^;]*|)[[:space:]]*(;|\$)"
  while [[ $left =~ $entry ]]; do
    key=${BASH_REMATCH[1],,}
    value=${BASH_REMATCH[2]}
    left=${left:${#BASH_REMATCH[0]}}
    case $value in
      \"*) value=${value:1:-1} && value=${value//\"\"/\"} ;;
      \'*) value=${value:1:-1} && value=${value//\'\'/\'} ;;
      *) value=${value%"${value##*[![:space:]]}"} ;;
    esac
    case ${key//[[:space:]]/} in
      host | server) export PGHOST=$value ;;
      port) export PGPORT=$value ;;
      database | db) export PGDATABASE=$value ;;
      username | userid | user | uid) export PGUSER=$value ;;
      password | pwd | psw) export PGPASSWORD=$value ;;
      passfile) export PGPASSFILE=$value ;;
      rootcertificate) export PGSSLROOTCERT=$value ;;
      sslmode)
        value=${value,,}
        value=${value/verifyca/verify-ca}
        export PGSSLMODE=${value/verifyfull/verify-full}
        ;;
    esac
  done
  [[ ! ${left//[[:space:];]/} ]] || fail "ConnectionStrings__Postgres cannot be read: Host=…;Port=…;Database=…;Username=…;Password=…"
  export PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10} PGAPPNAME=${0##*/}
  need psql postgresql-client
}

# The store of pictures, as the Api is told of it. Its keys go to rclone by the environment too.
# shellcheck disable=SC2034 # who sources this reads it
use_pictures() { # sets bucket: empty where they lie in a folder
  if [[ ${S3__Endpoint:-} ]]; then
    need rclone rclone
    unset AWS_CA_BUNDLE # Debian's rclone fails with it; RCLONE_CA_CERT is its own name for that
    export RCLONE_CONFIG_STORE_TYPE=s3 RCLONE_CONFIG_STORE_PROVIDER=Other RCLONE_CONFIG_STORE_FORCE_PATH_STYLE=true \
      RCLONE_CONFIG_STORE_ENDPOINT=$S3__Endpoint RCLONE_CONFIG_STORE_ACCESS_KEY_ID=${S3__AccessKey:-} \
      RCLONE_CONFIG_STORE_SECRET_ACCESS_KEY=${S3__SecretKey:-}
    bucket=${S3__Bucket:-bookit}
  else
    bucket=
    [[ ${Avatars__Folder:-} == /* ]] || fail "Avatars__Folder must be a whole path, beginning with /, because only the Api knows where itself lies."
  fi
}

# A picture of some id never changes, so that one that is there already is the same.
s3_copy() { # FROM TO
  rclone --config '' --quiet --retries 2 --low-level-retries 3 --contimeout 10s --timeout 60s \
    copy --ignore-existing --use-server-modtime --include '/avatars/**' --include '/floor/**' "$1" "$2"
}
