#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
. scripts/servers.sh

usage() {
  cat <<'END'
Usage: ./bench.sh [--quick] [--only MEASURE] [--compare FILE.json] [--output NAME]
       ./bench.sh --burst [--behind-nginx] [--quick]
       ./bench.sh --growth [--quick]
       ./bench.sh --soak [--quick]
       ./bench.sh --hold

Measures BookIT against what PostgreSQL and Kestrel can do at all, on the same machine in the same run, on servers that
are thrown away afterwards. Nothing else should be running.

  --quick            less of everything, in under two minutes; its numbers say little
  --only MEASURE     one of list, bookings, mix, hot, reads, storm, bot, growth
  --burst            10,000 members want 200 seats within a second
  --behind-nginx     of two Apis behind nginx, not of one
  --growth           the same requests with up to five million old reservations, and with up to 5,000 seats
  --soak             an hour of visits; what counts is the Api's memory
  --hold             only fills a space and starts the servers, for a profiler; until it is told to end
  --compare FILE     also says what changed since a run that was kept
  --output NAME      keeps the run as NAME.json, and a chart of it as NAME.svg
END
}

arguments=("$@")
packages=(postgresql redis-server wrk)
while (($#)); do
  case $1 in
    --behind-nginx) packages+=(nginx) ;;
    --quick | --burst | --growth | --soak | --hold) ;;
    --only | --compare | --output) (($# > 1)) && shift || { usage >&2 && exit 2; } ;;
    --help | -h) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  shift
done

dir=.local/bench-$$
program=$root/bench/bin/Release/net10.0/BookIT.Bench.dll
bench=

clean_up() {
  trap '' INT TERM HUP
  set +e
  [[ ! $bench ]] || kill -KILL -- "-$bench" 2>/dev/null
  remove_postgres "$dir/postgres"
  remove_redis "$dir/redis"
  rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

install_missing "${packages[@]}"
mkdir -p "$dir"
echo "Building ..." >&2
build() {
  dotnet "$@" --configuration Release --disable-build-servers --verbosity quiet -tl:off >"$dir/build.log" ||
    { cat "$dir/build.log" >&2 && exit 1; }
}
build build bench
for name in Api Bot; do # as their Dockerfiles do
  build publish "src/$name" --use-current-runtime --no-self-contained -p:PublishReadyToRun=true -p:WebPage=false \
    --output "$dir/$name"
done
echo "Measuring ..." >&2
# Durable, as in production: what was told is on the disk.
start_postgres "$dir/postgres" max_connections=200 shared_buffers=256MB max_wal_size=4GB
start_redis "$dir/redis" --save ''
ConnectionStrings__Postgres=$(postgres_connection "$dir/postgres" bookit)
ConnectionStrings__Redis=$(redis_url "$dir/redis")
PGBENCH=$(postgres_bin)/pgbench
PGPASSWORD=$(<"$dir/postgres/password")
PGBENCH_DATABASE="host=127.0.0.1 port=$(sed -n 4p "$dir/postgres/data/postmaster.pid") user=bookit dbname=bookit"
BENCH_FOLDER=$root/$dir
export ConnectionStrings__Postgres ConnectionStrings__Redis PGBENCH PGPASSWORD PGBENCH_DATABASE BENCH_FOLDER
# A process group of its own, so that the programs that it starts can be stopped with it.
setsid dotnet "$program" "${arguments[@]}" </dev/null &
bench=$!
wait "$bench"
