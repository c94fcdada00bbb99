"""Django and mozilla-django-oidc. The library leaves to the application: discovery, the ID token's iss and aud, the response's issuer,
the refresh, the API, and the sign-out at the platform. Its own request for tokens follows redirects, so it is replaced."""

import email.utils
import logging
import os
import random
import secrets
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote_plus, urlencode

import django
import jwt
import requests
from django.conf import settings

ISSUER, API = os.environ["OIDC_ISSUER"], os.environ["GIPO_API_BASE"]
TENANTS = os.environ["TENANTS"].split(",")
PORT = int(os.environ["PORT"])
BASE = f"http://127.0.0.1:{PORT}"
AGENDA, PATIENTS = "giponext.agenda", "giponext.patients"

settings.configure(
    SECRET_KEY=secrets.token_urlsafe(48),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "mozilla_django_oidc"],
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        f"{__name__}.told",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(tempfile.mkdtemp(), "users.sqlite3")}},
    MIGRATION_MODULES={"auth": None, "contenttypes": None, "sessions": None},
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    SESSION_COOKIE_SECURE=True,
    CSRF_COOKIE_SECURE=True,
    AUTHENTICATION_BACKENDS=[f"{__name__}.Backend"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
    LOGGING={"version": 1, "handlers": {"out": {"class": "logging.StreamHandler"}}, "root": {"handlers": ["out"], "level": "WARNING"}},
    LOGIN_REDIRECT_URL="/",
    LOGIN_REDIRECT_URL_FAILURE="/",
    OIDC_RP_CLIENT_ID=os.environ["CLIENT_ID"],
    OIDC_RP_CLIENT_SECRET=os.environ["CLIENT_SECRET"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_RP_SCOPES=f"openid profile offline_access {AGENDA} {PATIENTS}",
    OIDC_USE_PKCE=True,
    OIDC_TIMEOUT=5,
    # From discovery, when somebody signs in.
    OIDC_OP_AUTHORIZATION_ENDPOINT="",
    OIDC_OP_TOKEN_ENDPOINT="",
    OIDC_OP_USER_ENDPOINT="",
    OIDC_OP_JWKS_ENDPOINT="",
)
django.setup()

from django.contrib import auth
from django.core.exceptions import SuspiciousOperation
from django.core.management import call_command
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template import engines
from django.urls import path
from django.views.decorators.http import require_POST
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView

log = logging.getLogger("portal")
CLIENT = settings.OIDC_RP_CLIENT_ID
BASIC = requests.auth.HTTPBasicAuth(quote_plus(CLIENT), quote_plus(settings.OIDC_RP_CLIENT_SECRET))
REFUSED = "You did not grant this permission. Sign in again to grant it."
UNAVAILABLE = "The platform does not answer now: try again later."


class Problem(Exception):
    """Its text is for the end-user."""


class SignInAgain(Exception):
    """The platform ended what it had granted."""


# ---- the platform


def ask(method, url, **options):
    """No redirects, a time limit; None is an answer that did not come whole."""
    try:
        answer = requests.request(method, url, timeout=(3, 5), allow_redirects=False, **options)
        answer.body = answer.json() if answer.content and answer.status_code < 500 else {}
        return answer if answer.content or method != "GET" else None
    except (requests.RequestException, ValueError) as error:
        log.warning("%s %s: %s", method, url.split("?")[0], type(error).__name__)


def passing(answer):
    return answer is None or answer.status_code == 429 or answer.status_code >= 500


def pause(answer, tries):
    """Seconds until the next try: what the platform says, else longer each time."""
    said = "" if answer is None else answer.headers.get("Retry-After", "")
    seconds = 0.5 * 2**tries
    if said.isdigit():
        seconds = int(said)
    elif said:
        try:
            seconds = max(0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
        except ValueError:
            pass
    return seconds + random.uniform(0.05, 0.3)


def patiently(most, request):
    """Repeats what fails for a moment, unless the platform asks for more patience than a page has."""
    for tries in range(most + 1):
        answer = request()
        wait = pause(answer, tries)
        if not passing(answer) or tries == most or wait > 8:
            return answer
        time.sleep(wait)


def metadata():
    if not settings.OIDC_OP_TOKEN_ENDPOINT:
        answer = patiently(2, lambda: ask("GET", ISSUER.rstrip("/") + "/.well-known/openid-configuration"))
        if answer is None or answer.status_code != 200:
            raise Problem(UNAVAILABLE)
        if answer.body.get("issuer") != ISSUER:
            raise Problem("The platform's configuration does not match.")
        settings.METADATA = answer.body
        settings.OIDC_OP_AUTHORIZATION_ENDPOINT = answer.body["authorization_endpoint"]
        settings.OIDC_OP_JWKS_ENDPOINT = answer.body["jwks_uri"]
        settings.OIDC_OP_TOKEN_ENDPOINT = answer.body["token_endpoint"]
    return settings.METADATA


def tokens_of(answer):
    if answer is not None and answer.status_code == 400 and answer.body.get("error") == "invalid_grant":
        raise SignInAgain
    if answer is None or answer.status_code != 200:
        raise Problem(UNAVAILABLE)
    if not answer.body.get("access_token") or answer.body.get("token_type", "").lower() != "bearer":
        raise Problem("The platform's answer is not in order.")
    return answer.body


class Grant:
    """What a signed-in person has; the session holds its id alone."""

    def __init__(self, tokens, claims):
        self.id, self.lock = secrets.token_urlsafe(32), threading.Lock()
        self.sub, self.sid = claims["sub"], claims.get("sid")
        self.refresh, self.scope = None, settings.OIDC_RP_SCOPES
        self.take(tokens)

    def take(self, tokens):
        self.access, self.refresh = tokens["access_token"], tokens.get("refresh_token", self.refresh)
        self.scope, self.id_token = tokens.get("scope", self.scope), tokens.get("id_token", getattr(self, "id_token", None))

    def renew(self, used):
        """One refresh for all requests that wait for it; `used` is the access token that was refused."""
        with self.lock:
            if self.access != used:
                return
            if not self.refresh:
                raise SignInAgain
            data = {"grant_type": "refresh_token", "refresh_token": self.refresh}
            tokens = tokens_of(patiently(2, lambda: ask("POST", metadata()["token_endpoint"], data=data, auth=BASIC)))
            if "id_token" in tokens:
                try:
                    theirs = Backend().verify_token(tokens["id_token"])["sub"]
                except UNSOUND as error:
                    raise SignInAgain from error
                if theirs != self.sub:
                    raise SignInAgain
            self.take(tokens)

    def call(self, method, path, scope=None, **options):
        if scope and scope not in self.scope.split():
            raise Problem(REFUSED)

        def request():
            answer = ask(method, API + path, headers={"Authorization": f"Bearer {self.access}"}, **options)
            if method != "GET" and passing(answer) and (answer is None or answer.status_code != 429):
                raise Problem("It is not known whether the platform did this: look before you repeat it.")
            return answer

        used = self.access
        answer = patiently(3, request)
        if answer is not None and answer.status_code == 401:
            self.renew(used)
            answer = patiently(3, request)
        if answer is not None and 200 <= answer.status_code < 300:
            return answer.body
        log.warning("%s %s: %s", method, path, "no answer" if answer is None else f"{answer.status_code} {answer.text[:200]}")
        if answer is None or passing(answer):
            raise Problem(UNAVAILABLE)
        if answer.status_code == 401:
            raise SignInAgain
        if answer.status_code == 403:
            lacking = answer.body.get("error") == "insufficient_permission"
            raise Problem("Your account lacks the permission: ask your medical centre." if lacking else REFUSED)
        if answer.status_code in (409, 422):
            raise Problem(f"The platform does not accept this: {answer.body.get('message', '')}")
        raise Problem("The platform does not answer as it should: try again later.")

    def entries(self, resource, scope):
        found, more = [], True
        while more:
            page = self.call("GET", f"/v2/tenants/{self.tenant}/{resource}", scope, params={"offset": len(found), "limit": 100})
            found += page["items"]
            more = page["hasMore"] and page["items"]
        return found

    def end(self):
        """No call is made any more, and the platform is told so."""
        grants.pop(self.id, None)
        if self.refresh:
            data = {"token": self.refresh, "token_type_hint": "refresh_token"}
            request = lambda: ask("POST", metadata()["revocation_endpoint"], data=data, auth=BASIC)
            threading.Thread(target=patiently, args=(3, request)).start()


grants = {}

# ---- the library, with what it leaves to the application

UNSOUND = (SuspiciousOperation, jwt.PyJWTError, requests.RequestException, KeyError, TypeError, ValueError, AttributeError)


class Backend(OIDCAuthenticationBackend):
    def get_token(self, payload):
        payload = {name: value for name, value in payload.items() if name not in ("client_id", "client_secret")}
        self.tokens = tokens_of(ask("POST", metadata()["token_endpoint"], data=payload, auth=BASIC))
        return self.tokens

    def verify_token(self, token, **kwargs):
        if kwargs:
            claims = super().verify_token(token, **kwargs)
        else:  # a refresh's, without a nonce
            claims = self.get_payload_data(token, self.retrieve_matching_jwk(token))
        if claims["iss"] != ISSUER or claims["aud"] not in (CLIENT, [CLIENT]) or claims.get("azp", CLIENT) != CLIENT:
            raise SuspiciousOperation("the ID token is for somebody else")
        if claims["iat"] < time.time() - 600 or "exp" not in claims or not 1 <= len(claims["sub"]) <= 255:
            raise SuspiciousOperation("the ID token is not in order")
        return claims

    def get_or_create_user(self, access_token, id_token, payload):
        """By the platform's `sub`: an e-mail address may change hands."""
        grant = Grant(self.tokens, payload)
        user = grant.call("GET", "/v2/userinfo")
        if user["sub"] != payload["sub"]:
            raise SuspiciousOperation("the user information is somebody else's")
        grant.tenant = next((it["id"] for it in user["tenants"] if str(it["id"]) in TENANTS), None)
        if grant.tenant is None:
            grant.end()
            raise Problem("Your medical centre did not authorise this application.")
        grant.name = user["name"]
        grants[grant.id] = self.request.grant = grant
        return self.UserModel.objects.get_or_create(username=payload["sub"][:150])[0]


class Login(OIDCAuthenticationRequestView):
    def dispatch(self, request):
        self.OIDC_OP_AUTH_ENDPOINT = metadata()["authorization_endpoint"]
        return super().dispatch(request)


class Callback(OIDCAuthenticationCallbackView):
    def get(self, request):
        if any(len(request.GET.getlist(name)) > 1 for name in ("code", "state", "iss", "error")):
            return self.login_failure()
        promised = metadata().get("authorization_response_iss_parameter_supported")
        if request.GET.get("iss", None if promised else ISSUER) != ISSUER or request.GET.get("state") not in request.session.get("oidc_states", {}):
            return self.login_failure()
        try:
            return super().get(request)
        except (SignInAgain, *UNSOUND) as error:
            log.warning("sign-in: %s %s", type(error).__name__, error)
            return self.login_failure()

    def login_success(self):
        if before := grants.get(self.request.session.get("grant")):
            before.end()
        answer = super().login_success()
        self.request.session.cycle_key()
        self.request.session["grant"] = self.request.grant.id
        return answer

    def login_failure(self):
        cancelled = self.request.GET.get("error") == "access_denied"
        raise Problem("You did not consent." if cancelled else "The sign-in did not succeed: try again.")


# ---- pages

PAGE = """<!doctype html><html lang="en"><title>Portal</title><main>
{% if grant %}<p id="user">{{ grant.name }}</p><a href="/patients">Patients</a> <a href="/agenda">Agenda</a>
  <form method="post" action="/logout">{% csrf_token %}<button id="logout">Sign out</button></form>{% endif %}
{% if problem %}<p class="problem" role="alert">{{ problem }}</p>{% endif %}
{% if patients %}<ul id="patients">{% for it in patients %}<li>{{ it.lastName }} {{ it.firstName }}</li>{% endfor %}</ul>{% endif %}
{% if entries %}<ul id="agenda">{% for it in entries %}<li>{{ it.start }} {{ it.status }}</li>{% endfor %}</ul>{% endif %}
{% if agenda %}<form method="post" action="/book">{% csrf_token %}<button id="book">Book the next free time</button></form>{% endif %}
{% if not grant or again %}<a id="login" href="/oidc/login/">Sign in with GipoNext</a>{% endif %}</main></html>"""


def page(request, status=200, **values):
    grant = grants.get(request.session.get("grant"))
    return HttpResponse(engines["django"].from_string(PAGE).render({"grant": grant, **values}, request), status=status)


def told(get_response):
    """Middleware: what goes wrong is told on a page, and only the platform's end of a grant ends a session."""

    def middleware(request):
        response = get_response(request)
        response["Cache-Control"] = "no-store"
        response["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
        return response

    def process_exception(request, error):
        if isinstance(error, SignInAgain):
            grants.pop(request.session.get("grant"), None)
            auth.logout(request)
            return page(request, problem="Your access to the platform has ended: sign in again.")
        if isinstance(error, Problem):
            return page(request, problem=str(error), again=str(error) == REFUSED)

    middleware.process_exception = process_exception
    return middleware


def signed(work):
    def view(request):
        grant = grants.get(request.session.get("grant"))
        return work(request, grant) if grant else redirect("/")

    return view


@signed
def patients(request, grant):
    return page(request, patients=grant.entries("patients", PATIENTS))


@signed
def agenda(request, grant):
    return page(request, agenda=True, entries=grant.entries("appointments", AGENDA), problem=request.session.pop("notice", None))


@require_POST
@signed
def book(request, grant):
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()
    base, one = f"/v2/tenants/{grant.tenant}", {"limit": 1}
    free = grant.call("GET", f"{base}/availabilities", AGENDA, params={"from": tomorrow, **one})["items"]
    known = grant.call("GET", f"{base}/appointments", AGENDA, params=one)["items"]
    if not free or not known:
        raise Problem("There is no free time.")
    body = {name: free[0][name] for name in ("agendaId", "start", "end")}
    grant.call("POST", f"{base}/appointments", AGENDA, json={**body, "patientId": known[0]["patientId"], "bookingChannel": "web"})
    request.session["notice"] = "Booked."
    return redirect("/agenda")


@require_POST
@signed
def logout(request, grant):
    auth.logout(request)
    grant.end()
    request.session["leaving"] = secrets.token_urlsafe(32)
    query = {"id_token_hint": grant.id_token, "post_logout_redirect_uri": f"{BASE}/signed-out", "state": request.session["leaving"]}
    return redirect(f"{metadata()['end_session_endpoint']}?{urlencode(query)}")


def signed_out(request):
    if request.GET.get("state", "") != request.session.pop("leaving", None):
        return page(request, 400, problem="You did not ask for this page.")
    return redirect("/")


urlpatterns = [
    path("", page),
    path("health", lambda request: HttpResponse("ok")),
    path("oidc/login/", Login.as_view()),
    path("oidc/callback/", Callback.as_view(), name="oidc_authentication_callback"),
    path("patients", patients),
    path("agenda", agenda),
    path("book", book),
    path("logout", logout),
    path("signed-out", signed_out),
]

if __name__ == "__main__":
    from django.core.wsgi import get_wsgi_application
    from waitress import serve

    call_command("migrate", run_syncdb=True, verbosity=0)
    serve(get_wsgi_application(), host="127.0.0.1", port=PORT, threads=8)
