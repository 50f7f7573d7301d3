"""Makes the certificate of the mail server's stub, and that of the authority that vouches for it."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from pathlib import Path

import trustme


class Certificate:
    """A certificate for this machine's loopback, and a folder with the file by which clients trust it: `authority`.

    The authority's own key is forgotten at once, so that nobody can make a certificate for another host that those who
    trust this one would take.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="govcomponents-mail-"))
        self.authority = self._folder / "authority.pem"
        authority = trustme.CA(organization_name="govcomponents sandbox")
        authority.cert_pem.write_to_path(str(self.authority))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", "localhost").configure_cert(self.context)

    def close(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self._folder, ignore_errors=True)
