"""Which user of this machine stands behind a connection, as far as the system tells. Knows no request."""

from __future__ import annotations

import os
from pathlib import Path

# Linux lists all connections here with their owners; other systems have no such files.
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ROOT = 0


def is_of_another_user(client: int, server: int) -> bool:
    """Whether a connection between these ports was made by a user who is neither ours nor root.

    False where the system does not tell. Somebody who runs this by sudo looks at it as who they were before.
    """
    return bool(owners(client, server) - {_ROOT, _own(), _before_sudo()})


def owners(client: int, server: int) -> set[int]:
    """The numbers of the users who have a connection from port `client` to port `server`; empty if unknown."""
    found = set()
    for table in TABLES:
        try:
            lines = table.read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            _, local, remote, _, _, _, _, owner, *_ = line.split()
            if (_port(local), _port(remote)) == (client, server):
                found.add(int(owner))
    return found


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _own() -> int:
    return os.getuid() if hasattr(os, "getuid") else _ROOT


def _before_sudo() -> int:
    number = os.environ.get("SUDO_UID", "")
    return int(number) if number.isdecimal() and _own() == _ROOT else _ROOT
