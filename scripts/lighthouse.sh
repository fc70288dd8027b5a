#!/usr/bin/env bash
# Usage: scripts/lighthouse.sh
# Measures first visits to the page as a phone makes them: Lighthouse's scores and what is loaded. On a PostgreSQL and a
# Redis that are thrown away afterwards. The times are those of this machine: nothing else should be running on it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD
. scripts/servers.sh

dir=.local/lighthouse-$$
api=$root/src/Api/bin/Release/net10.0/BookIT.Api.dll

clean_up() {
  trap '' INT TERM HUP
  set +e
  stop_process "$dir/api.pid" "$api" TERM 15
  remove_postgres "$dir/postgres"
  remove_redis "$dir/redis"
  rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

install_missing postgresql redis-server chromium-headless-shell
mkdir -p "$dir"
echo "Building ..."
dotnet build BookIT.sln --configuration Release --disable-build-servers --verbosity quiet -tl:off >"$dir/build.log" ||
  { cat "$dir/build.log" >&2 && exit 1; }
npm ci --no-audit --no-fund --loglevel error --prefix tests/lighthouse

echo "Starting the Api ..."
start_postgres "$dir/postgres"
start_redis "$dir/redis" --save ''
url=http://127.0.0.1:$(random_port)
env -C src/Api ASPNETCORE_ENVIRONMENT=Development ASPNETCORE_URLS="$url" Frontend__Url="$url" Demo__Enabled=true \
  Avatars__Folder="$root/$dir/avatars" ConnectionStrings__Postgres="$(postgres_connection "$root/$dir/postgres" bookit)" \
  ConnectionStrings__Redis="$(redis_url "$root/$dir/redis")" setsid dotnet "$api" </dev/null >"$dir/api.log" 2>&1 &
echo "$!" >"$dir/api.pid"
deadline=$((SECONDS + 120))
until node -e 'fetch(process.argv[1] + "/health/ready").then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))' \
  "$url"; do
  if ((SECONDS > deadline)) || ! kill -0 "$!"; then tail -n 20 "$dir/api.log" >&2 && exit 1; fi
  sleep 0.5
done

echo "Measuring (some minutes) ..."
node tests/lighthouse/lighthouse.mjs "$url"
