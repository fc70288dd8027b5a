#!/bin/sh
# Prints alertmanager.yml with the operator's settings in it: the Alertmanager itself reads no variables.
set -eu

: "${ALERT_EMAIL:?is not set: to whom are the alerts to be sent?}"
: "${Smtp__Host:?is not set: which mail server takes the alerts?}"
: "${Smtp__From:?is not set: who is the sender of the alerts?}"
: "${BOOKIT_DOMAIN:?is not set}" "${GRAFANA_DOMAIN:?is not set}"
Smtp__Port=${Smtp__Port:-587} Smtp__User=${Smtp__User:-} Smtp__Password=${Smtp__Password:-}
export Smtp__Port Smtp__User Smtp__Password

# Every value stands within single quotes there, where YAML knows one special character.
awk '
  {
    line = ""
    while (match($0, /\$\{[A-Za-z_]+\}/)) {
      value = ENVIRON[substr($0, RSTART + 2, RLENGTH - 3)]
      gsub(/\047/, "\047\047", value)
      line = line substr($0, 1, RSTART - 1) value
      $0 = substr($0, RSTART + RLENGTH)
    }
    print line $0
  }' "$(dirname "$0")/alertmanager.yml"
