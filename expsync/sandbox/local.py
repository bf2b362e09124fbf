"""Which names of hosts are this machine's own, and nobody else's to give."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_local(host: str) -> bool:
    """Whether a name or address can mean no other machine than this one, whoever asks a name server."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def host_of(authority: str) -> str:
    """The host of `HOST:PORT`, in lower case and without the brackets of an address; empty where there is none."""
    try:
        return urlsplit(f"//{authority}").hostname or ""
    except ValueError:
        return ""
