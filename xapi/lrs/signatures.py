"""Signed statements (Data 2.6): is the attached JWS well formed, and does it sign this very statement?"""

from __future__ import annotations

import base64
import binascii
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from xapi.lrs.comparison import same_statement
from xapi.lrs.json_text import BadJson, decode, parse
from xapi.lrs.terms import Json
from xapi.lrs.validation import validate_statement

SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    "RS256": hashes.SHA256(),
    "RS384": hashes.SHA384(),
    "RS512": hashes.SHA512(),
}


class BadSignature(ValueError):
    """Why the signature is refused."""


def check_signature(statement: Json, content_type: str, signature: bytes) -> None:
    """Compact serialisation, an RSA algorithm, the right payload, and the certificate's key if one is sent."""
    if content_type.partition(";")[0].strip().lower() != "application/octet-stream":
        raise BadSignature("A signature has the content type application/octet-stream.")
    pieces = signature.strip().split(b".")
    if len(pieces) != 3:
        raise BadSignature("The signature is no JWS in compact serialisation.")
    try:
        header = parse(decode(_decoded(pieces[0])))
        payload = parse(decode(_decoded(pieces[1])))
    except BadJson as error:
        raise BadSignature(f"The signature holds bad JSON: {error}") from None
    algorithm = _ALGORITHMS.get(str(header.get("alg"))) if type(header) is dict else None
    if algorithm is None:
        raise BadSignature("A signature uses RS256, RS384 or RS512.")
    if type(payload) is not dict or validate_statement(payload, version="2.0.0"):
        raise BadSignature("The payload of the signature is no statement.")
    if not same_statement(_unsigned(payload), _unsigned(statement)):
        raise BadSignature("The signature is of another statement.")
    if "x5c" in header:
        _check_certificate(header["x5c"], pieces, algorithm)


def _unsigned(statement: Json) -> Json:
    others = [one for one in statement.get("attachments", ()) if one["usageType"] != SIGNATURE]
    kept = {key: value for key, value in statement.items() if key != "attachments"}
    return {**kept, "attachments": others} if others else kept


def _check_certificate(chain: Any, pieces: list[bytes], algorithm: hashes.HashAlgorithm) -> None:
    if type(chain) is not list or not chain or type(chain[0]) is not str:
        raise BadSignature("x5c is no list of certificates.")
    try:
        key = x509.load_der_x509_certificate(base64.b64decode(chain[0], validate=True)).public_key()
    except ValueError:  # binascii.Error is one
        raise BadSignature("The certificate of the signature cannot be read.") from None
    if not isinstance(key, rsa.RSAPublicKey):
        raise BadSignature("The certificate of the signature holds no RSA key.")
    try:
        key.verify(_decoded(pieces[2]), pieces[0] + b"." + pieces[1], padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        raise BadSignature("The signature does not fit its certificate.") from None


def _decoded(piece: bytes) -> bytes:
    try:
        return base64.b64decode(piece + b"=" * (-len(piece) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise BadSignature("The signature is not base64url.") from None
