"""nginx, in place of balancer and CDN."""

from .model import Health, Port, Ready, Service, Volume
from .settings import LocalPlatformSettings

IDLE_TIMEOUT = 60
"""Seconds after which nginx gives up on a quiet connection: a load balancer's default."""

CONFIGURATION = "/etc/nginx/conf.d/default.conf"

UPLOADS = "/srv/media"

_MEDIA = f"""\
    # What visitors sent is shown, never run.
    location /media/ {{
        alias {UPLOADS}/;
        add_header Content-Security-Policy "default-src 'none'; sandbox";
        add_header X-Content-Type-Options nosniff;
    }}

"""


def nginx(settings: LocalPlatformSettings) -> Service:
    """Describe nginx, which is tested through to the app."""
    given, media = settings.nginx, bool(settings.media_dir)
    ask = f"http://127.0.0.1{settings.web.health_check_path}"
    return Service(
        name="nginx",
        image=given.image,
        health=Health(test=("curl", "-fsS", "-o", "/dev/null", ask)),
        ports=[Port(host=given.port, container=80)],
        volumes=[Volume(name="media", path=UPLOADS, read_only=True)] if media else [],
        files={CONFIGURATION: configuration(settings.web.port, media=media)},
        needs={"web": Ready.HEALTHY},
    )


def configuration(port: int, *, media: bool) -> str:
    """Write nginx's configuration.

    Args:
        port: Where the web server listens.
        media: Whether uploads are in a volume, for nginx to serve.
    """
    return f"""\
server {{
    listen 80;
    server_tokens off;
    keepalive_timeout {IDLE_TIMEOUT}s;
    # Neither a balancer nor CloudFront refuses a body for being long.
    client_max_body_size 0;
    # Docker's own. A name in a variable is looked up again, so that a new container is found; in
    # an upstream block it would keep the address that it had as nginx started.
    resolver 127.0.0.11 valid=2s;
    set $app web:{port};

{_MEDIA if media else ""}    location / {{
        proxy_pass http://$app;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $remote_addr;
        proxy_set_header X-Forwarded-Proto $scheme;
        proxy_connect_timeout 5s;
        proxy_read_timeout {IDLE_TIMEOUT}s;
    }}
}}
"""
