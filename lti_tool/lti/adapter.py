"""PyLTI1p3 as we use it: its login and its messages, over our own tables, cookies and verifier.

Everything hangs on the library's own interfaces; nothing of it is changed in place. Its checks of tokens, its nonce
and state stores and its key fetching are not used: see verifier.py, logins.py and key_sets.py.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, cast

import requests
from pylti1p3.cookie import CookieService
from pylti1p3.deployment import Deployment as LibraryDeployment
from pylti1p3.message_launch import MessageLaunch
from pylti1p3.oidc_login import OIDCLogin
from pylti1p3.redirect import Redirect
from pylti1p3.registration import Registration
from pylti1p3.request import Request
from pylti1p3.session import SessionService
from pylti1p3.tool_config import ToolConfAbstract

from lti_tool.lti.keys import ToolKeys
from lti_tool.lti.queries import PlatformCard
from lti_tool.lti.verifier import Verified


class GivenParameters(Request):
    """Parameters that were read and checked before the library sees them."""

    def __init__(self, parameters: Mapping[str, str], secure: bool) -> None:
        self._parameters = parameters
        self._secure = secure

    @property
    def session(self) -> NoReturn:
        raise NotImplementedError("no state is kept in web sessions")

    def is_secure(self) -> bool:
        return self._secure

    def get_param(self, key: str) -> str:
        return self._parameters.get(key, "")


class NonceKept(SessionService):
    """Hears which nonce a login was given; `logins` stores it with the state that it is bound to."""

    def __init__(self) -> None:  # deliberately without the library's storage in the web session
        self.nonce = ""

    def save_nonce(self, nonce: str) -> None:
        self.nonce = nonce


class StateKept(CookieService):
    """Hears which state a login was given; the binding cookie itself is set by the view, `Partitioned`."""

    def __init__(self) -> None:
        self.state = ""

    def get_cookie(self, name: str) -> None:
        return None

    def set_cookie(self, name: str, value: str | int, exp: int | None = 3600) -> None:
        self.state = str(value)


class PlatformRegistration(Registration):
    """A platform in the library's words. Our key is opened only where something is to be signed."""

    def __init__(self, platform: PlatformCard, keys: ToolKeys) -> None:
        self._keys = keys
        self.set_issuer(platform.issuer)
        self.set_client_id(platform.client_id)
        self.set_auth_login_url(platform.auth_login_url)
        self.set_auth_token_url(platform.auth_token_url)
        self.set_key_set_url(platform.jwks_url)
        self.set_auth_audience(platform.audience or "")

    def get_tool_private_key(self) -> Any:
        # The parsed key, not its PEM: a signature is then a hundred times as fast.
        return self._keys.signing().private

    def get_kid(self) -> str:
        return self._keys.signing().kid


class OnePlatform(ToolConfAbstract):
    """The library's register of platforms, holding the one that was already found for this request."""

    def __init__(self, registration: PlatformRegistration) -> None:
        self._registration = registration

    def check_iss_has_one_client(self, iss: str) -> bool:
        return False

    def check_iss_has_many_clients(self, iss: str) -> bool:
        return True

    def find_registration_by_params(
        self, iss: str, client_id: str, *_: Any, **__: Any
    ) -> PlatformRegistration:
        return self._registration

    def find_registration_by_issuer(self, iss: str, *_: Any, **__: Any) -> PlatformRegistration:
        return self._registration

    def find_deployment_by_params(
        self, iss: str, deployment_id: str, client_id: str, *_: Any, **__: Any
    ) -> LibraryDeployment:
        return LibraryDeployment().set_deployment_id(deployment_id)

    def find_deployment(self, iss: str, deployment_id: str) -> LibraryDeployment:
        return LibraryDeployment().set_deployment_id(deployment_id)


class RedirectTo(Redirect):
    """Only the address: the view answers with it when the browser is known to keep our secret."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get_redirect_url(self) -> str:
        return self._url

    def set_redirect_url(self, location: str) -> None:
        self._url = location

    def do_redirect(self) -> str:
        return self._url

    do_js_redirect = do_redirect


@dataclass(frozen=True, slots=True)
class BegunLogin:
    """What a login begins with: the platform's address to go to, and what must come back from there."""

    state: str
    nonce: str
    authorization_url: str


class PlatformLogin(OIDCLogin):
    """A login that a platform initiated (OpenID Connect third-party initiated login; LTI core, section 5.1.1)."""

    def __init__(
        self, parameters: Mapping[str, str], registration: PlatformRegistration, secure: bool
    ) -> None:
        super().__init__(
            GivenParameters(parameters, secure), OnePlatform(registration), NonceKept(), StateKept()
        )

    def begin(self, launch_url: str) -> BegunLogin:
        """``launch_url``: the one redirect URI that is registered; platforms match it to the letter."""
        url = self.get_redirect_object(launch_url).get_redirect_url()
        return BegunLogin(self._cookie_service.state, self._session_service.nonce, url)

    def get_redirect(self, url: str) -> RedirectTo:
        # The library appends "?…" even to an authorization URL that has a query of its own.
        login_url = str(self._registration.get_auth_login_url())
        if "?" in login_url:
            url = f"{login_url}&{url[len(login_url) + 1 :]}"
        return RedirectTo(url)

    def _get_uuid(self) -> str:
        return secrets.token_urlsafe(24)

    def _generate_nonce(self) -> str:
        return secrets.token_urlsafe(24)


class VerifiedLaunch(MessageLaunch):
    """A message that our verifier has passed, for what the library builds on it: deep links and services."""

    _registration: PlatformRegistration

    def __init__(
        self,
        verified: Verified,
        registration: PlatformRegistration,
        requests_session: requests.Session,
    ) -> None:
        super().__init__(
            GivenParameters({}, secure=True),
            OnePlatform(registration),
            NonceKept(),
            StateKept(),
            requests_session=requests_session,
        )
        self._registration = registration
        self._verified = verified
        self.message = verified.message
        self.validate()

    def validate(self) -> "VerifiedLaunch":
        """Takes over what was verified, once; the library's own checks are left out."""
        self.set_jwt(cast(Any, {"header": dict(self._verified.header), "body": dict(self._verified.claims)}))
        self._validated = True
        return self

    def _get_request_param(self, key: str) -> str:
        return self._request.get_param(key)

    def get_client_id(self) -> str:
        # Not the first audience, which may be another's.
        return str(self._registration.get_client_id())
