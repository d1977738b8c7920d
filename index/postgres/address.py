"""The address of a database, which is never shown with its password."""

from __future__ import annotations

from dataclasses import dataclass, field

from index.errors import UsageError

SCHEMES = ("postgresql", "postgres")
_FORM = (
    "Write postgresql://USER@HOST:5432/NAME and give the password in PGPASSWORD or ~/.pgpass; in the address,"
    " write the characters @ : / ? # of a name or password as %40 %3A %2F %3F %23."
)


@dataclass(frozen=True, slots=True)
class Database:
    """A PostgreSQL database that keeps an index; ``str()`` leaves out the password and options."""

    uri: str = field(repr=False)  #: as libpq takes it
    shown: str

    @classmethod
    def parse(cls, uri: str) -> Database:
        """Return the database at ``uri``.

        Raises:
            UsageError: it cannot be told for sure which part of ``uri`` is a password.
        """
        scheme, _, rest = uri.partition("://")
        authority, _, name = rest.partition("?")[0].partition("/")
        user, at, hosts = authority.rpartition("@")
        ports = [port for host in hosts.split(",") if "]" not in host for port in host.split(":")[1:]]
        odd = "@" in rest[len(authority) :] or "#" in rest or "@" in user or not all(map(str.isdigit, ports))
        if scheme not in SCHEMES or odd or "/" in name or any(c.isspace() or c < " " for c in uri):
            raise UsageError("The address of the database cannot be used.", _FORM)
        return cls(uri, f"{scheme}://{user.partition(':')[0]}{at}{hosts}/{name}")

    def __str__(self) -> str:
        return self.shown


def is_address(text: str) -> bool:
    """Return whether ``text`` is meant as an address, not as a folder.

    What only resembles one counts too: as a folder, it would be created and shown with its password.
    """
    scheme = text.strip().partition(":")[0].lower()
    return "://" in text or "password=" in text or (":" in text and scheme in SCHEMES)
