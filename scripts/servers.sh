# shellcheck shell=bash
# A PostgreSQL and a Redis of our own, each in a folder of its own, on a free port of 127.0.0.1. To be sourced:
#
#   install_missing postgresql redis-server    installs the Debian packages among these that are missing
#   start_postgres DIR [setting=value ...]     DIR is made on the first start, with the database "bookit" in it
#   start_redis DIR [--option value ...]
#   postgres_connection DIR DATABASE           prints the connection string
#   redis_url DIR                              prints the address
#   postgres_runs DIR, redis_runs DIR          whether it is there
#   stop_postgres DIR, stop_redis DIR          also stop what a killed script left behind in DIR
#   remove_postgres DIR, remove_redis DIR      stop, then delete
#   random_port, free_port FIRST               prints a port that nothing listens on: any, the first one from FIRST on
#   stop_process PIDFILE TEXT SIGNAL SECONDS   stops the process of a pid file
#
# Whoever holds a lock on an open file starts servers with that file closed, or they hold it too.

install_missing() {
  local package missing=() shell log attempts=0
  for package in "$@"; do
    is_installed "$package" || missing+=("$package")
  done
  ((${#missing[@]} > 0)) || return 0

  echo "Installing ${missing[*]} ..."
  if ! as_root true 2>/dev/null; then
    command -v sudo >/dev/null && shell="sudo sh" || shell=su
    echo "That takes root's rights. Please run this once:" >&2
    echo "  $shell -c 'apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}'" >&2
    return 1
  fi
  log=$(mktemp)
  until apt_install "${missing[@]}" >"$log" 2>&1; do
    # Another apt may be at work: its lock on the package lists is not one that apt can be told to wait for.
    if ((++attempts == 4)); then
      tail -n 20 "$log" >&2
      rm "$log"
      return 1
    fi
    sleep 10
  done
  rm "$log"
}

is_installed() {
  case $1 in
    postgresql) postgres_bin >/dev/null ;;
    libfaketime) compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null ;;
    librsvg2-bin) command -v rsvg-convert >/dev/null ;;
    nginx) [[ -x /usr/sbin/nginx ]] ;;
    openssh-server) [[ -x /usr/sbin/sshd ]] ;;
    prometheus) command -v promtool >/dev/null ;;
    zbar-tools) command -v zbarimg >/dev/null ;;
    *) command -v "$1" >/dev/null ;; # most packages have a program of their name
  esac
}

as_root() {
  if ((EUID == 0)); then
    "$@"
  elif [[ -t 0 ]]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

apt_install() {
  # Debian would make a system-wide cluster and start it; ours is all that is needed.
  local no_cluster=/etc/postgresql-common/createcluster.d/bookit.conf no_start=/usr/sbin/policy-rc.d made=() status=0
  as_root mkdir -p "${no_cluster%/*}"
  echo 'create_main_cluster = false' | as_root tee "$no_cluster"
  made+=("$no_cluster")
  # Nor are the others to start as services.
  if [[ ! -e $no_start ]]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$no_start"
    as_root chmod +x "$no_start"
    made+=("$no_start")
  fi
  as_root apt-get -o DPkg::Lock::Timeout=120 update &&
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends "$@" </dev/null || status=1
  as_root rm "${made[@]}"
  return "$status"
}

free_port() { # FIRST
  local port=$1
  while (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
    ((port += 1))
  done
  echo "$port"
}

random_port() {
  free_port "$((20000 + RANDOM % 12000))" # from 32768 on, the system takes them for outgoing connections
}

# Prints the pid in a file, if it still is the process meant: numbers are given again, command lines tell.
pid_of() { # PIDFILE TEXT
  local pid
  read -r pid 2>/dev/null <"$1" && grep -qaF -- "$2" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

stop_process() { # PIDFILE TEXT SIGNAL SECONDS
  local pid deadline=$((SECONDS + $4))
  pid=$(pid_of "$1" "$2") || return 0
  kill "-$3" "$pid" || true
  while pid_of "$1" "$2" >/dev/null; do
    ((SECONDS < deadline)) || kill -KILL "$pid" || true
    sleep 0.1
  done
}

# ---------------------------------------------------------------------------------------------------- PostgreSQL

postgres_bin() {
  local initdb
  initdb=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1)
  [[ -n $initdb ]] && dirname "$initdb"
}

# PostgreSQL refuses to run as root.
as_postgres() {
  (
    cd / # the user postgres may not be allowed where we are
    if ((EUID == 0)); then
      runuser -u postgres -- "$@"
    else
      "$@"
    fi
  )
}

# Prints the folder that DIR stands for, made if there is no cluster in it.
postgres_folder() { # DIR
  local dir home
  dir=$(realpath -ms "$1")
  # The user postgres cannot enter a checkout below /root: then DIR is a link to a folder in that user's home.
  # The link's name holds the checkout's path, so that a copied checkout does not take the original's data.
  home=/var/lib/postgresql/bookit-$(sha256sum <<<"$dir" | head -c 12)
  if [[ -L $dir && $(readlink "$dir") != "$home" ]] || [[ ! -d $dir/data ]]; then
    rm -rf "$dir"
    mkdir -p "$(dirname "$dir")"
    mkdir -m 700 "$dir"
    if ((EUID == 0)); then
      chown postgres: "$dir"
      if ! as_postgres test -w "$dir"; then
        rm -rf "$dir" "$home"
        as_postgres mkdir -m 700 "$home"
        ln -s "$home" "$dir"
      fi
    fi
  fi
  realpath "$dir"
}

make_cluster() { # FOLDER
  local bin
  bin=$(postgres_bin)
  (
    umask 077
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$1/password"
  )
  chown --reference="$1" "$1/password" &&
    as_postgres "$bin/initdb" --pgdata="$1/data.new" --username=bookit --pwfile="$1/password" \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 &&
    as_postgres "$bin/postgres" --single -D "$1/data.new" postgres <<<'CREATE DATABASE bookit' &&
    mv "$1/data.new" "$1/data" # last, so that what was cut short is never taken for a cluster
}

start_postgres() { # DIR [setting=value ...]
  local folder setting options attempt log
  folder=$(postgres_folder "$1")
  log=$folder/log
  if [[ ! -d $folder/data ]]; then
    make_cluster "$folder" >"$folder/initdb.log" 2>&1 || log=$folder/initdb.log
  fi
  for attempt in 1 2 3; do # another program may take the port in between
    [[ -d $folder/data ]] || break
    options="-c port=$(random_port) -c listen_addresses=127.0.0.1 -c unix_socket_directories="
    for setting in "${@:2}"; do
      options+=" -c $setting"
    done
    as_postgres "$(postgres_bin)/pg_ctl" start --silent --wait --pgdata="$folder/data" --log="$log" \
      --options="$options" </dev/null >/dev/null 2>&1 && return
    sleep "$attempt"
  done
  echo "PostgreSQL did not start. The end of $log:" >&2
  tail -n 20 "$log" >&2
  return 1
}

postgres_connection() { # DIR DATABASE
  local port password
  port=$(sed -n 4p "$1/data/postmaster.pid")
  password=$(<"$1/password")
  echo "Host=127.0.0.1;Port=$port;Database=$2;Username=bookit;Password=$password"
}

postgres_runs() { # DIR
  local data
  data=$(realpath -m "$1")/data
  pid_of "$data/postmaster.pid" "$data" >/dev/null
}

stop_postgres() { # DIR
  local data
  data=$(realpath -m "$1")/data
  stop_process "$data/postmaster.pid" "$data" INT 60 # INT is its fast shutdown: it does not wait for clients
}

remove_postgres() { # DIR
  stop_postgres "$1"
  rm -rf "$(realpath -m "$1")" "$1"
}

# --------------------------------------------------------------------------------------------------------- Redis

start_redis() { # DIR [--option value ...]
  local dir port pid info
  mkdir -p "$1"
  dir=$(realpath "$1")
  for _ in 1 2 3; do # another program may take the port in between
    port=$(random_port)
    # A session of its own: Ctrl+C in the terminal is not for it.
    setsid redis-server --bind 127.0.0.1 --port "$port" --dir "$dir" "${@:2}" </dev/null >"$dir/log" 2>&1 &
    pid=$!
    echo "$pid" >"$dir/pid"
    echo "$port" >"$dir/port"
    while kill -0 "$pid" 2>/dev/null; do
      # It may be somebody else's Redis that answers; and ours says LOADING until it has read its files.
      info=$(redis-cli -p "$port" info 2>/dev/null || true)
      [[ $info != *"process_id:$pid"$'\r'*"loading:0"* ]] || return 0
      sleep 0.1
    done
  done
  echo "Redis did not start. The end of $dir/log:" >&2
  tail -n 20 "$dir/log" >&2
  return 1
}

redis_url() { # DIR
  echo "redis://127.0.0.1:$(<"$1/port")/0"
}

redis_runs() { # DIR
  pid_of "$1/pid" "redis-server 127.0.0.1:$(<"$1/port")" >/dev/null
}

stop_redis() { # DIR
  [[ ! -f $1/port ]] || stop_process "$1/pid" "redis-server 127.0.0.1:$(<"$1/port")" TERM 30
}

remove_redis() { # DIR
  stop_redis "$1"
  rm -rf "$1"
}
