"""What the variants stand on: loopback servers, each a process of its own, and a certificate made for the run."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SENT_EMAIL = {
    "id": "740e5834-3a29-46b4-9a6f-16142fde533a",
    "reference": "RENEW-7-receipt",
    "content": {
        "subject": "Your licence is renewed",
        "body": "Dear Sam\r\n\r\nYou paid £145.00. Your reference is RENEW-7.",
        "from_email": "licences@notifications.service.gov.uk",
        "one_click_unsubscribe_url": None,
    },
    "uri": "https://api.notifications.service.gov.uk/v2/notifications/740e5834-3a29-46b4-9a6f-16142fde533a",
    "template": {
        "id": "f33517ff-2a88-4f6e-b855-c550268ce08a",
        "version": 3,
        "uri": "https://api.notifications.service.gov.uk/services/a/templates/f33517ff-2a88-4f6e-b855-c550268ce08a",
    },
    "scheduled_for": None,
    "sanitised_content": {},
}
PAYMENT = {
    "payment_id": "hu20sqlact5260q2nanm0q8u93",
    "payment_provider": "stripe",
    "provider_id": "pi_3Bench",
    "amount": 18000,
    "corporate_card_surcharge": 300,
    "total_amount": 18300,
    "fee": 412,
    "net_amount": 17888,
    "reference": "BENCH-77120",
    "description": "Operator licence continuation fee",
    "language": "en",
    "email": "sam@example.com",
    "metadata": {"team": "bench", "batch": 18, "fast": False},
    "created_date": "2026-03-04T11:02:09.771Z",
    "state": {"status": "success", "finished": True},
    "authorisation_mode": "web",
    "delayed_capture": False,
    "moto": False,
    "return_url": "https://service.example.gov.uk/return/6b0f6a0e4b7f",
    "authorisation_summary": {"three_d_secure": {"required": True}},
    "refund_summary": {"status": "available", "amount_available": 13300, "amount_submitted": 5000},
    "settlement_summary": {
        "capture_submit_time": "2026-03-04T11:06:31.204Z",
        "captured_date": "2026-03-04",
        "settled_date": "2026-03-06",
    },
    "card_details": {
        "card_brand": "Mastercard",
        "card_type": "credit",
        "first_digits_card_number": "510118",
        "last_digits_card_number": "0007",
        "expiry_date": "11/28",
        "cardholder_name": "Sam Example",
        "billing_address": {
            "line1": "1 High Street",
            "line2": None,
            "postcode": "ZZ1 1ZZ",
            "city": "A",
            "country": "GB",
        },
        "wallet_type": None,
    },
    "card_brand": "Mastercard",
    "_links": {
        name: {
            "href": f"https://publicapi.payments.service.gov.uk/v1/payments/hu20sqlact5260q2nanm0q8u93/{name}",
            "method": "GET",
        }
        for name in ("self", "events", "refunds")
    },
}


@contextlib.contextmanager
def stage(name: str | None) -> Iterator[dict[str, str]]:
    """Set a stage up, and give what the variants are told: the server's URL, and the environment that they need."""
    if name is None:
        yield {}
        return
    if name == "pay":
        with _serving([sys.executable, "-m", "bench.pay_sandbox", "100000"]) as port:
            yield {"url": f"http://127.0.0.1:{port}"}
        return
    if name == "one_login":
        with _serving([sys.executable, "-m", "bench.one_login"]) as port:
            yield {"url": f"http://127.0.0.1:{port}"}
        return
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        body = folder / "answer.json"
        body.write_text(json.dumps(PAYMENT if name == "pay_answer" else SENT_EMAIL), encoding="utf-8")
        command = [sys.executable, "-m", "bench.loopback", "--body", str(body)]
        if name == "pay_answer":
            command += ["--status", "200 OK"]
        told: dict[str, str] = {}
        if name == "notify_delayed":
            command += ["--delay", "0.1"]
        if name == "notify_tls":
            certificate, key, bundle = make_certificate(folder)
            command += ["--tls", str(certificate), str(key), "--close"]
            told["REQUESTS_CA_BUNDLE"] = str(bundle)
        with _serving(command) as port:
            told["url"] = f"https://localhost:{port}" if name == "notify_tls" else f"http://127.0.0.1:{port}"
            yield told


@contextlib.contextmanager
def _serving(command: list[str]) -> Iterator[str]:
    """Run a server for the length of a `with` block, and give the port that it prints."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
    finally:
        server.kill()
        server.wait()


def make_certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Make a certificate for localhost; return it, its key, and the usual CA bundle with it added."""
    import certifi
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(minutes=5))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem", folder / "bundle.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    paths[2].write_bytes(Path(certifi.where()).read_bytes() + paths[0].read_bytes())
    return paths
