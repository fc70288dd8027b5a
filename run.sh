#!/usr/bin/env bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
root=$PWD
. scripts/servers.sh

usage() {
  cat <<'END'
Usage: ./run.sh [--fresh]

Builds BookIT and starts it with a private PostgreSQL and Redis, whose data stays in .local/.
Ctrl+C stops all of it.

  --fresh    start from an empty database

Variables (all others are passed on to the programs):
  PORT                        the Api's port (8080; the next free one if it is taken)
  ConnectionStrings__Postgres, ConnectionStrings__Redis
                              servers to use instead of private ones
END
}

fresh=
case $#:${1:-} in
  0:) ;;
  1:--fresh) fresh=1 ;;
  1:--help | 1:-h) usage && exit ;;
  *) usage >&2 && exit 2 ;;
esac
if [[ ! ${PORT:=8080} =~ ^[1-9][0-9]{0,4}$ ]] || ((PORT > 65535)); then
  echo "PORT is to be a number from 1 to 65535, not '$PORT'." >&2
  exit 2
fi
if [[ $fresh && ${ConnectionStrings__Postgres:-}${ConnectionStrings__Redis:-} ]]; then
  echo "--fresh deletes private servers only, and ConnectionStrings__… name others. Nothing was deleted." >&2
  exit 1
fi

# The lock lasts as long as file 9 is open anywhere: every child that may outlive this script is started without it.
mkdir -p .local/logs
exec 9>>.local/run.lock
if ! flock --nonblock 9; then
  url=$(<.local/run.lock)
  if [[ $fresh ]]; then
    echo "BookIT is running from this folder. Stop it (Ctrl+C there) before --fresh." >&2
    exit 1
  fi
  echo "already running: ${url:-it is being started in another terminal}"
  exit
fi
: >.local/run.lock

# In the background, because bash heeds a signal only when the command in the foreground has ended.
background=
in_background() {
  local status=0
  "$@" </dev/null 9>&- &
  background=$!
  wait "$background" || status=$?
  background=
  return "$status"
}

program() { # api → Api
  echo "$root/src/${1^}/bin/Release/net10.0/BookIT.${1^}.dll"
}

start_program() { # NAME PORT
  : >".local/logs/$1.log"
  # A session of its own: Ctrl+C is for this script, which stops things in their order. And in the project's
  # folder, as `dotnet run` does: its settings are there.
  env -C "src/${1^}" -u ASPNETCORE_HTTP_PORTS ASPNETCORE_URLS="http://127.0.0.1:$2" \
    setsid dotnet "$(program "$1")" </dev/null >".local/logs/$1.log" 2>&1 9>&- &
  pids[$1]=$!
  echo "$!" >".local/$1.pid"
  # Not to be ended by Ctrl+C, in order to show the last words too.
  {
    trap '' INT HUP
    tail --follow --lines=+1 --sleep-interval=0.2 --pid="${pids[$1]}" ".local/logs/$1.log" | show_warnings "$1"
  } 9>&- &
}

# Of ASP.NET's log entries only warnings and worse; what follows the first line of an entry is indented.
show_warnings() { # NAME
  local line shown=
  while IFS= read -r line; do
    case $line in
      'info: '* | 'dbug: '* | 'trce: '*) shown= ;;
      ' '*) ;;
      *) shown=1 ;;
    esac
    [[ ! $shown ]] || printf '%s | %s\n' "$1" "$line"
  done
}

is_ready() { # PORT. By bash itself: a new machine has no curl.
  (
    local status
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf 'GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' >&3
    read -r -t 5 _ status _ <&3
    [[ $status == 200 ]]
  ) 2>/dev/null
}

wait_until_ready() { # NAME PORT
  local deadline=$((SECONDS + 120))
  until is_ready "$2"; do
    check_programs
    ((SECONDS < deadline)) || give_up "$1" "was not ready after two minutes"
    sleep 0.2
  done
}

check_programs() {
  local name
  for name in "${!pids[@]}"; do
    kill -0 "${pids[$name]}" 2>/dev/null || give_up "$name" "has ended"
  done
}

check_servers() {
  [[ ! $own_postgres ]] || postgres_runs .local/postgres || give_up PostgreSQL "has ended" .local/postgres/log
  [[ ! $own_redis ]] || redis_runs .local/redis || give_up Redis "has ended" .local/redis/log
}

give_up() { # NAME WHAT [LOG]
  local log=${3:-.local/logs/$1.log}
  {
    echo "${1^} $2. The end of $log:"
    tail -n 20 "$log"
  } >&2
  exit 1
}

stop_all() {
  stop_process .local/bot.pid "$(program bot)" TERM 15
  stop_process .local/api.pid "$(program api)" TERM 15
  stop_redis .local/redis
  stop_postgres .local/postgres
}

clean_up() {
  trap '' INT TERM HUP
  set +e # not even a closed terminal cuts this short
  [[ ! $background ]] || kill "$background"
  echo "Stopping ..."
  stop_all
  wait
}

declare -A pids=()
trap clean_up EXIT
trap 'exit 0' INT TERM HUP

stop_all # what was left behind if this script was killed
if [[ $fresh ]]; then
  remove_postgres .local/postgres
  remove_redis .local/redis
  rm -rf .local/avatars
fi

[[ ${ConnectionStrings__Postgres:-} ]] || install_missing postgresql 9>&-
[[ ${ConnectionStrings__Redis:-} ]] || install_missing redis-server 9>&-

echo "Building (the first time takes a minute or two) ..."
in_background dotnet build BookIT.sln --configuration Release --disable-build-servers --verbosity quiet -tl:off \
  >.local/logs/build.log || { cat .local/logs/build.log >&2 && exit 1; }

if [[ ! -f src/Api/bin/Release/net10.0/wwwroot/index.html ]]; then
  echo "Node.js is not installed (20.19 or newer): the web page is left out, the API is not."
fi

own_postgres='' own_redis=''
if [[ ! ${ConnectionStrings__Postgres:-} ]]; then
  echo "Starting PostgreSQL ..."
  own_postgres=1
  start_postgres .local/postgres max_connections=200 9>&-
  ConnectionStrings__Postgres=$(postgres_connection .local/postgres bookit)
fi
if [[ ! ${ConnectionStrings__Redis:-} ]]; then
  echo "Starting Redis ..."
  own_redis=1
  start_redis .local/redis --appendonly yes 9>&-
  ConnectionStrings__Redis=$(redis_url .local/redis)
fi

port=$(free_port "$PORT")
url=http://127.0.0.1:$port
export ConnectionStrings__Postgres ConnectionStrings__Redis
export ASPNETCORE_ENVIRONMENT=${ASPNETCORE_ENVIRONMENT:-Development}
export Frontend__Url=${Frontend__Url:-$url}
export Avatars__Folder=${Avatars__Folder:-$root/.local/avatars}
if [[ $ASPNETCORE_ENVIRONMENT != Production ]]; then
  export Demo__Enabled=${Demo__Enabled:-true}
fi

echo "Starting the Api ..."
start_program api "$port"
wait_until_ready api "$port"
echo "Starting the bot ..." # after the Api, which brings the database up to date
bot_port=$(random_port)
start_program bot "$bot_port"
wait_until_ready bot "$bot_port"
echo "$url" >.local/run.lock

echo
if [[ ${Demo__Enabled:-} == true ]]; then
  echo "  users     demo_email_0@example.com … demo_email_9@example.com"
  echo "  admins    demo_admin_0@example.com …"
  echo "  password  password123 (all of them)"
fi
echo "  API docs  $url/api/docs"
echo "  logs      .local/logs/api.log, .local/logs/bot.log (warnings are shown here as well)"
echo "  stop      Ctrl+C"
echo
echo "ready: $url"

while true; do
  in_background sleep 1 || true
  check_programs
  check_servers
done
