#!/usr/bin/env bash
# Usage: scripts/release.sh TAG
#
# Run where BookIT runs, in a folder with docker-compose.yml and .env. Takes the images with this tag, brings the schema up to
# date, which the version that still serves understands as well, and starts the new Api beside the old one, which goes when
# the new one and the bot are ready. If they do not become ready, they go, and the old ones serve on.
# READY_WITHIN: how many seconds they have for that (120). BUILD=1: makes the images from this folder instead.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ $# != 1 || ! $1 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]]; then
  echo "Usage: scripts/release.sh TAG" >&2
  exit 2
fi
tag=$1
[[ -f .env ]] || { echo "There is no .env in $PWD." >&2 && exit 1; }
exec 9>>.release.lock
flock --nonblock 9 || { echo "Another release is going on." >&2 && exit 1; }

compose() {
  docker compose "$@" </dev/null 9>&-
}

# .env is what `docker compose` reads, whoever calls it: it must always name the version that is meant to run.
set_tag() { # TAG
  local new
  new=$(mktemp .env.XXXXXX) # only for its owner to read, as .env should be
  { grep -v '^BOOKIT_TAG=' .env || true; echo "BOOKIT_TAG=$1"; } >"$new"
  mv "$new" .env
}

before=$(sed -n 's/^BOOKIT_TAG=//p' .env | tail -n 1)
apis='' # containers
old=''

# Whatever ends this before the new version serves leaves the old one as it was.
undo() {
  local id
  trap - EXIT INT TERM HUP
  echo "$tag did not come into service. ${before:-Nothing} serves on." >&2
  for id in $apis; do
    if ! grep -qxF -- "$id" <<<"$old"; then
      docker logs --tail 50 "$id" >&2 || true
      docker rm --force "$id" >/dev/null || true
    fi
  done
  set_tag "${before:-$tag}"
  if [[ $bot_switched ]]; then
    compose logs --no-color --tail 50 bot >&2 || true
    [[ ! $old ]] || compose up --detach --no-deps --no-build bot || true
  fi
  exit 1
}
bot_switched=''
trap undo EXIT INT TERM HUP

wait_until() { # COMMAND …
  local deadline=$((SECONDS + ${READY_WITHIN:-120}))
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || return 1
    sleep 1
  done
}

set_tag "$tag"
if [[ ${BUILD:-} ]]; then
  compose build --quiet --pull api bot backup
else
  compose pull --quiet api bot backup
fi
compose up --detach --no-recreate --no-build --wait postgres redis minio # on the first day
compose run --rm --no-TTY migrate

echo "Switching from ${before:-nothing} to $tag ..."
old=$(compose ps --quiet api)
compose up --detach --no-deps --no-build --no-recreate --scale "api=$(($(wc -w <<<"$old") + 1))" api
apis=$(compose ps --quiet api)
for id in $apis; do
  grep -qxF -- "$id" <<<"$old" || wait_until docker exec "$id" dotnet BookIT.Api.dll health
done
bot_switched=1
compose up --detach --no-deps --no-build bot
wait_until compose exec -T bot dotnet BookIT.Bot.dll health

trap - EXIT INT TERM HUP
# On SIGTERM it answers what it has begun; new requests already find the other one.
for id in $old; do
  docker stop --time 20 "$id" >/dev/null
  docker rm "$id" >/dev/null
done

# The rest as its files say by now; these read theirs only when told.
compose up --detach --no-build --remove-orphans
compose exec -T -w /etc/caddy proxy caddy reload --adapter caddyfile --config /etc/caddy/Caddyfile
compose kill --signal HUP prometheus
[[ ! $(compose --profile alerts ps --quiet alertmanager) ]] || compose --profile alerts restart alertmanager
# As the old system did; the bot answers how it does.
echo "The bot: $(compose exec -T proxy wget -q -O - --post-data= http://bot:8080/start_bot)"
echo "$tag serves."
