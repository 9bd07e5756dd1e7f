#!/bin/sh
# Completes the hook that holds a new instance back, once its worker answers a ping by the broker.
# Arguments: the container, the app, the worker's name before the @, and the hook.
set -eu

container=$1 app=$2 node=$3 hook=$4

answers() {
    # Inside, the worker's name ends in the container's own host name.
    host=$(docker inspect --format '{{.Config.Hostname}}' "$container") || return 1
    docker exec "$container" \
        celery -A "$app" inspect ping --timeout 5 --destination "$node@$host" >/dev/null 2>&1
}

group() {
    aws autoscaling describe-auto-scaling-instances --instance-ids "$INSTANCE_ID" \
        --query 'AutoScalingInstances[0].AutoScalingGroupName' --output text
}

release() {
    name=$(group) || return 1
    said=$(aws autoscaling complete-lifecycle-action --instance-id "$INSTANCE_ID" \
        --auto-scaling-group-name "$name" --lifecycle-hook-name "$hook" \
        --lifecycle-action-result CONTINUE 2>&1) && return
    echo "$said" >&2
    # After a reboot, or once the hook's time is over, nothing waits any more.
    case $said in *'No active Lifecycle Action'*) ;; *) return 1 ;; esac
}

until answers; do sleep "${EVERY:-5}"; done
echo "$container answers"
until release; do sleep "${EVERY:-5}"; done
