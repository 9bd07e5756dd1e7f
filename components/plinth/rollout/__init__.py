"""What ``plinth rollout`` does: follow a deployment on instances to its end."""
