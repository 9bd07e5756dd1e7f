#!/bin/sh
# Runs once, as root, at the end of an instance's first boot.
# Arguments: the file to describe the instance in, and the units to start.
set -eu

about=$1
shift
until dnf --assumeyes --quiet install docker amazon-ecr-credential-helper; do
    echo 'first_boot: packages cannot be installed yet, trying again' >&2
    sleep 10
done

instance=$(cloud-init query instance_id)
region=$(cloud-init query region)
printf 'INSTANCE_ID=%s\nAWS_DEFAULT_REGION=%s\n' "$instance" "$region" >"$about"

systemctl daemon-reload
systemctl enable --now docker.service
systemctl enable "$@"
# This runs inside a unit of its own, and must not wait for others.
systemctl start --no-block "$@"
