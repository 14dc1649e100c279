"""Attachments and signatures: they come with their statement, fit their hash, and go out again as they came."""

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from email.parser import BytesParser
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from werkzeug.test import TestResponse

from tests.xapi.lrs.client import Client, Json, agent, statement

BOUNDARY = "abcABC0123'()+_,-./:=?"
MIXED = f'multipart/mixed; boundary="{BOUNDARY}"'
PICTURE = bytes(range(256)) * 40 + b"\r\n--\r\n"
SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"


def attachment(content: bytes = PICTURE, algorithm: str = "sha256", **properties: Any) -> Json:
    made = {
        "usageType": "https://x.example/usage",
        "display": {"en": "A picture"},
        "contentType": "image/png",
        "length": len(content),
        "sha2": hashlib.new(algorithm, content).hexdigest(),
        **properties,
    }
    return {key: value for key, value in made.items() if value is not None}


def part(content: bytes, algorithm: str = "sha256", **headers: str | None) -> tuple[Json, bytes]:
    made: Json = {
        "Content-Type": "image/png",
        "Content-Transfer-Encoding": "binary",
        "X-Experience-API-Hash": hashlib.new(algorithm, content).hexdigest(),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return made, content


def multipart(statements: Any, *parts: tuple[Json, bytes], first: str | None = "application/json") -> bytes:
    body = b""
    head: Json = {"Content-Type": first}
    for headers, content in [(head, json.dumps(statements).encode()), *parts]:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
        body += f"--{BOUNDARY}\r\n{lines}\r\n".encode() + content + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode()


def send(lrs: Client, statements: Any, *parts: tuple[Json, bytes]) -> TestResponse:
    return lrs.post(multipart(statements, *parts), content_type=MIXED)


def parts_of(answer: TestResponse) -> list[Any]:
    head = f"Content-Type: {answer.headers['Content-Type']}\r\n\r\n".encode()
    message = BytesParser().parsebytes(head + answer.get_data())
    assert message.is_multipart()
    return list(message.get_payload())  # type: ignore[arg-type]


@pytest.mark.parametrize("algorithm", ["sha224", "sha256", "sha384", "sha512"])
def test_an_attachment_comes_back_byte_for_byte(lrs: Client, algorithm: str) -> None:
    sent = statement(attachments=[attachment(algorithm=algorithm)])
    assert send(lrs, sent, part(PICTURE, algorithm)).status_code == 200
    answer = lrs.get(statementId=sent["id"], attachments=True)
    assert answer.content_type.startswith("multipart/mixed; boundary=")
    document, picture = parts_of(answer)
    assert document.get_content_type() == "application/json"
    assert json.loads(document.get_payload(decode=True))["attachments"] == sent["attachments"]
    assert PICTURE in answer.get_data()
    assert picture["X-Experience-API-Hash"] == sent["attachments"][0]["sha2"]
    assert picture["Content-Transfer-Encoding"] == "binary"
    assert picture.get_content_type() == "image/png"


def test_without_attachments_asked_for_the_answer_is_plain_json(lrs: Client) -> None:
    sent = statement(attachments=[attachment()])
    send(lrs, sent, part(PICTURE))
    assert lrs.get(statementId=sent["id"]).content_type == "application/json"
    assert lrs.get(attachments=False).content_type == "application/json"


def test_a_query_gives_each_content_once_and_is_multipart_even_without(lrs: Client) -> None:
    assert len(parts_of(lrs.get(attachments=True))) == 1
    batch = [statement(attachments=[attachment(), attachment(b"b")]), statement(attachments=[attachment()])]
    assert send(lrs, batch, part(PICTURE), part(b"b")).status_code == 200
    assert len(parts_of(lrs.get(attachments=True))) == 3


def test_the_same_content_in_a_later_statement_is_no_error(lrs: Client) -> None:
    for _ in range(2):
        assert send(lrs, statement(attachments=[attachment()]), part(PICTURE)).status_code == 200


def test_a_page_with_attachments_is_cut_before_it_grows_too_large(make_lrs: Any) -> None:
    lrs = make_lrs(max_multipart_bytes=30_000)
    contents = [bytes([number]) * 12_000 for number in range(4)]
    for content in contents:
        assert send(lrs, statement(attachments=[attachment(content)]), part(content)).status_code == 200
    answer = lrs.get(attachments=True)
    seen = 0
    while True:
        document, *files = parts_of(answer)
        assert 1 <= len(files) <= 2
        seen += len(files)
        more = json.loads(document.get_payload(decode=True))["more"]
        if not more:
            break
        answer = lrs.send("GET", more)
    assert seen == 4


def test_a_file_url_stands_for_the_bytes(lrs: Client) -> None:
    sent = statement(attachments=[attachment(fileUrl="https://x.example/picture.png")])
    assert lrs.post(sent).status_code == 200
    assert send(lrs, {**sent, "id": None} | {"id": statement()["id"]}).status_code == 200
    assert len(parts_of(lrs.get(attachments=True))) == 1


def test_put_takes_attachments(lrs: Client) -> None:
    sent = statement(attachments=[attachment()])
    answer = lrs.send(
        "PUT",
        query_string={"statementId": sent["id"]},
        data=multipart(sent, part(PICTURE)),
        content_type=MIXED,
    )
    assert answer.status_code == 204


def test_an_attachment_of_a_substatement_may_come_along(lrs: Client) -> None:
    inner = {"objectType": "SubStatement", **statement(id=None), "attachments": [attachment()]}
    assert send(lrs, statement(object=inner), part(PICTURE)).status_code == 200


@pytest.mark.parametrize(
    ("statements", "parts", "code"),
    [
        (statement(attachments=[attachment()]), [], "attachment_missing"),
        (statement(attachments=[attachment(b"other")]), [part(PICTURE)], "attachment_missing"),
        (statement(), [part(PICTURE)], "attachment_unknown"),
        (
            [statement(attachments=[attachment()]), statement()],
            [part(PICTURE), part(b"x")],
            "attachment_unknown",
        ),
        (
            statement(attachments=[attachment()]),
            [part(PICTURE, X_Experience_API_Hash=None)],
            "attachment_hash",
        ),
        (
            statement(attachments=[attachment()]),
            [part(PICTURE, X_Experience_API_Hash="0" * 64)],
            "attachment_hash",
        ),
        (
            statement(attachments=[attachment()]),
            [part(PICTURE, X_Experience_API_Hash="?")],
            "attachment_hash",
        ),
        (
            statement(attachments=[attachment()]),
            [part(PICTURE, Content_Transfer_Encoding="base64")],
            "attachment_encoding",
        ),
        (
            statement(attachments=[attachment()]),
            [part(PICTURE, Content_Transfer_Encoding=None)],
            "attachment_encoding",
        ),
        (statement(attachments=[attachment()]), [part(PICTURE, Content_Length="3")], "attachment_length"),
    ],
)
def test_parts_that_do_not_fit_are_refused_and_nothing_is_stored(
    lrs: Client, statements: Any, parts: Any, code: str
) -> None:
    answer = send(lrs, statements, *parts)
    assert (answer.status_code, answer.get_json()["error"]) == (400, code)
    assert lrs.ids() == []


def test_json_alone_needs_a_file_url(lrs: Client) -> None:
    answer = lrs.post([statement(), statement(attachments=[attachment()])])
    assert (answer.status_code, answer.get_json()["error"]) == (400, "attachment_missing")
    assert answer.get_json()["statement"] == 1


GOOD = multipart(statement(attachments=[attachment()]), part(PICTURE))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (GOOD, "multipart/mixed"),
        (GOOD, "multipart/mixed; boundary=other"),
        (GOOD.replace(b"--" + BOUNDARY.encode(), b"", 1), MIXED),
        (GOOD[: -len(BOUNDARY) - 6], MIXED),
        (GOOD.replace(b"application/json", b"text/plain", 1), MIXED),
        (GOOD.replace(b"\r\n\r\n", b"\r\n", 1), MIXED),
        (GOOD.replace(b"Content-Transfer-Encoding:", b"Content-Transfer-Encoding", 1), MIXED),
        (f"--{BOUNDARY}--\r\n".encode(), MIXED),
        (f"--{BOUNDARY}\r\n".encode(), MIXED),
        (f"--{BOUNDARY}x\r\n\r\n{{}}\r\n--{BOUNDARY}--".encode(), MIXED),
        (b"", MIXED),
    ],
)
def test_a_body_that_is_no_multipart_is_refused(lrs: Client, body: bytes, content_type: str) -> None:
    assert lrs.post(body, content_type=content_type).status_code == 400
    assert lrs.ids() == []


# Signed statements (Data 2.6)


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "signer")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode()


def signed(payload: Any, algorithm: str = "RS256", headers: Json | None = None, key: Any = KEY) -> bytes:
    return jwt.encode(payload, key, algorithm=algorithm, headers=headers).encode()


def send_signed(lrs: Client, sent: Json, signature: bytes, **properties: Any) -> TestResponse:
    properties.setdefault("contentType", "application/octet-stream")
    with_signature = {**sent, "attachments": [attachment(signature, usageType=SIGNATURE, **properties)]}
    return send(lrs, with_signature, part(signature, Content_Type="application/octet-stream"))


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_a_signed_statement_is_stored(lrs: Client, algorithm: str) -> None:
    sent = statement()
    assert send_signed(lrs, sent, signed(sent, algorithm)).status_code == 200
    with_chain = statement()
    signature = signed(with_chain, algorithm, {"x5c": [certificate(KEY)]})
    assert send_signed(lrs, with_chain, signature).status_code == 200


def test_a_broken_signature_is_refused(lrs: Client) -> None:
    sent = statement()
    broken = [
        b"",
        b"a.b",
        b"a.b.c",
        b"....",
        b"!!!.e30.e30",
        signed(sent, "HS256", key="x" * 40),
        signed({**sent, "actor": agent("another")}),
        signed({"no": "statement"}),
        signed(sent, headers={"x5c": [certificate(OTHER_KEY)]}),
        signed(sent, headers={"x5c": ["nonsense"]}),
        signed(sent, headers={"x5c": []}),
        signed(sent, headers={"x5c": {"a": 1}}),
        base64.urlsafe_b64encode(b'{"alg":["RS256"]}').rstrip(b"=")
        + signed(sent)[signed(sent).index(b".") :],
    ]
    for signature in broken:
        answer = send_signed(lrs, sent, signature)
        assert (answer.status_code, answer.get_json()["error"]) == (400, "signature"), signature[:60]
    plain = send_signed(lrs, sent, signed(sent), contentType="text/plain")
    assert plain.status_code == 400
    assert lrs.ids() == []
