"""How an LRS is signed in to, as the command line says it: with a user name and password, or as an OAuth 2 client."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from lti_tool.cli.parts import STDIN, password_of


@dataclass(frozen=True, slots=True)
class Access:
    """With a ``token_url`` the user name and password are a client's id and secret. ``was_typed``: the secret came by
    standard input."""

    username: str
    password: str
    token_url: str | None
    oauth_scope: str | None
    was_typed: bool


_OPTIONS = (
    click.option("--username", help="The user name, or key, of its credentials."),
    click.option("--password", help="The password, or secret; - reads it from standard input."),
    click.option("--token-url", help="In place of both: where an OAuth 2 token is fetched for it."),
    click.option("--client-id", help="The id of the OAuth 2 client."),
    click.option("--client-secret", help="Its secret; - reads it from standard input."),
    click.option(
        "--oauth-scope", help="The scopes to ask for, with spaces between, where it wants any named."
    ),
)


def access_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def access_of(
    username: str | None,
    password: str | None,
    token_url: str | None,
    client_id: str | None,
    client_secret: str | None,
    oauth_scope: str | None,
) -> Access:
    """Raises :class:`click.UsageError` where neither pair is there, or both are."""
    basic, oauth = (username, password), (token_url, client_id, client_secret)
    if username and password and not any((*oauth, oauth_scope)):
        return Access(username, password_of(password), None, None, password == STDIN)
    if token_url and client_id and client_secret and not any(basic):
        return Access(client_id, password_of(client_secret), token_url, oauth_scope, client_secret == STDIN)
    raise click.UsageError(
        "Say --username and --password, or --token-url, --client-id and --client-secret (OAuth 2)."
    )
