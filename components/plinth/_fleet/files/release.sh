#!/bin/sh
# Releases an instance's image once, and pauses after a failure, since systemd tries again at once.
# Arguments: the file that tells it is done, seconds to pause, and the command.
set -u

done=$1 pause=$2
shift 2
if test -e "$done"; then exit 0; fi
if "$@"; then exec touch "$done"; fi
sleep "$pause"
exit 1
