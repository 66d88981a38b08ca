"""``keyCredentials``: what the portal's manifest of an app registration says of a certificate. Holds nothing secret; touches no file."""

import base64
import hashlib
import uuid
from typing import Any

from cryptography import x509


def manifest_of(der: bytes) -> dict[str, Any]:
    """The manifest with the certificate ``der`` (its DER form) in it, as the portal shows it, under a fresh keyId.

    ``startDate`` and ``endDate`` are the certificate's own to the second: with others, the portal refuses the upload.
    https://learn.microsoft.com/entra/identity-platform/certificate-credentials
    """
    certificate = x509.load_der_x509_certificate(der)
    return {
        "keyCredentials": [
            {
                "customKeyIdentifier": base64.b64encode(hashlib.sha1(der, usedforsecurity=False).digest()).decode("ascii"),
                "endDate": f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
                "keyId": str(uuid.uuid4()),
                "startDate": f"{certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
                "value": base64.b64encode(der).decode("ascii"),
            }
        ]
    }
