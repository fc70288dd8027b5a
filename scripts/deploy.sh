#!/usr/bin/env bash
# Usage: scripts/deploy.sh TAG
#
# Brings the images with this tag into service on another machine: sends what they need there, and runs scripts/release.sh on it.
# Variables:
#   ENV_SSH_HOST, ENV_SSH_USER, ENV_SSH_PORT (22)   where
#   ENV_SSH_HOST_KEY         that machine's public key, "ssh-ed25519 AAAA…": nobody else is spoken to
#   ENV_PRIVATE_KEY_BASE64   the private key to sign in with, in base64
#   ENV_FOLDER (bookit)      where on that machine; .env is there already, and stays as it is but for the tag
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ $# != 1 || ! $1 =~ ^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$ ]]; then
  echo "Usage: scripts/deploy.sh TAG" >&2
  exit 2
fi
for variable in ENV_SSH_HOST ENV_SSH_USER ENV_SSH_HOST_KEY ENV_PRIVATE_KEY_BASE64; do
  [[ ${!variable:-} ]] || { echo "$variable is not set." >&2 && exit 2; }
done
port=${ENV_SSH_PORT:-22} folder=${ENV_FOLDER:-bookit}
[[ $port =~ ^[0-9]+$ && $folder =~ ^[A-Za-z0-9_./-]+$ ]] || {
  echo "ENV_SSH_PORT is to be a number, and ENV_FOLDER a path without blanks." >&2
  exit 2
}

umask 077
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
base64 --decode <<<"$ENV_PRIVATE_KEY_BASE64" >"$dir/key" 2>/dev/null || {
  echo "ENV_PRIVATE_KEY_BASE64 is not base64." >&2
  exit 2
}
# Under a name of ours: whatever address and port it has, it must have this key.
echo "bookit $ENV_SSH_HOST_KEY" >"$dir/known_hosts"
cat >"$dir/config" <<CONFIG
Host bookit
  HostName $ENV_SSH_HOST
  User $ENV_SSH_USER
  Port $port
  HostKeyAlias bookit
  UserKnownHostsFile $dir/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  IdentityFile $dir/key
  IdentitiesOnly yes
  BatchMode yes
  ConnectTimeout 20
  ServerAliveInterval 15
CONFIG

send=(docker-compose.yml scripts deploy)
for optional in prometheus grafana; do
  [[ ! -d $optional ]] || send+=("$optional")
done
echo "Sending files to $ENV_SSH_HOST ..."
ssh -F "$dir/config" bookit "mkdir -p '$folder' && test -f '$folder/.env'" || {
  echo "$ENV_SSH_HOST cannot be reached as $ENV_SSH_USER, or has no $folder/.env." >&2
  exit 1
}
rsync --recursive --links --perms --checksum --delete --rsh="ssh -F '$dir/config'" "${send[@]}" "bookit:$folder/"
ssh -F "$dir/config" bookit "bash '$folder/scripts/release.sh' '$1'" </dev/null
