"""Parts of what faces the internet: the balancer and the CDN."""
