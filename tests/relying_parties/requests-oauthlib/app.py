"""Flask and requests-oauthlib. The library leaves to the application: discovery, the response's issuer, the ID token, the error
handling around its refresh, and the revocation."""

import email.utils
import hmac
import os
import random
import secrets
import threading
import time
from urllib.parse import quote_plus

os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the loopback interface
os.environ["OAUTHLIB_RELAX_TOKEN_SCOPE"] = "1"  # an end-user may grant less than was asked
import jwt
import requests
from flask import Flask, g, redirect, render_template_string, request
from oauthlib.oauth2 import InvalidGrantError, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session

ISSUER, API = os.environ["OIDC_ISSUER"], os.environ["GIPO_API_BASE"]
CLIENT_ID, CLIENT_SECRET = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
TENANTS = os.environ["TENANTS"].split(",")
PORT = int(os.environ["PORT"])
PATIENTS = "giponext.patients"
SCOPES = ["openid", "profile", "offline_access", PATIENTS]
BASIC = HTTPBasicAuth(quote_plus(CLIENT_ID), quote_plus(CLIENT_SECRET))
TIMEOUT = (3, 5)
ATTEMPT_SECONDS = 600
REFUSED = "You did not grant this permission. Sign in again to grant it."
app = Flask(__name__)


class Problem(Exception):
    """Its text is for the end-user."""


class SignInAgain(Exception):
    """The platform ended what it had granted."""


class Busy(Exception):
    """The token endpoint may answer better in a moment."""

    def __init__(self, answer):
        super().__init__(answer.status_code)
        self.answer = answer


def ask(method, url, **options):
    return requests.request(method, url, timeout=TIMEOUT, allow_redirects=False, **options)


def pause(answer, tries):
    """Seconds until the next try: what the platform says, else longer each time."""
    said = answer.headers.get("Retry-After", "") if answer is not None else ""
    seconds = 0.5 * 2**tries
    if said.isdigit():
        seconds = int(said)
    elif said:
        try:
            seconds = max(0, email.utils.parsedate_to_datetime(said).timestamp() - time.time())
        except ValueError:
            pass
    return seconds + random.uniform(0.05, 0.3)


# ---- the platform


class Platform:
    """Its metadata, fetched once, and its keys, fetched again for a new one but not more often than every half minute."""

    def __init__(self):
        self.lock, self.document, self.keys, self.looked = threading.Lock(), None, {}, 0

    def metadata(self):
        with self.lock:
            if not self.document:
                answer = ask("GET", ISSUER.rstrip("/") + "/.well-known/openid-configuration")
                answer.raise_for_status()
                document = answer.json()
                if document["issuer"] != ISSUER:
                    raise Problem("The platform's configuration does not match.")
                self.document = document
            return self.document

    def key(self, kid):
        uri = self.metadata()["jwks_uri"]
        with self.lock:
            if not self.keys or (kid not in self.keys and kid is not None and time.time() - self.looked > 30):
                self.looked = time.time() if self.keys else 0
                answer = ask("GET", uri)
                answer.raise_for_status()
                rsa = [key for key in answer.json()["keys"] if key.get("kty") == "RSA" and key.get("use", "sig") == "sig"]
                self.keys = {key.get("kid"): jwt.PyJWK(key, algorithm="RS256").key for key in rsa}
            if kid is None and len(self.keys) == 1:
                return next(iter(self.keys.values()))
            return self.keys.get(kid)


platform = Platform()


def claims_of(token):
    try:
        header = jwt.get_unverified_header(token)
        key = platform.key(header.get("kid"))
        if key is None or "crit" in header:
            raise Problem("The platform's answer is not in order.")
        required = {"require": ["exp", "iat", "iss", "aud", "sub"]}
        claims = jwt.decode(token, key, algorithms=["RS256"], audience=CLIENT_ID, issuer=ISSUER, leeway=60, options=required)
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise Problem("The platform's answer is not in order.") from error
    if claims["aud"] not in (CLIENT_ID, [CLIENT_ID]) or claims.get("azp", CLIENT_ID) != CLIENT_ID:
        raise Problem("The platform's answer is for somebody else.")
    if not 1 <= len(claims["sub"]) <= 255 or claims["iat"] < time.time() - 600:
        raise Problem("The platform's answer is not in order.")
    return claims


def client(**options):
    session = OAuth2Session(CLIENT_ID, **options)
    session.max_redirects = 0
    for kind in ("access_token_response", "refresh_token_response"):
        session.register_compliance_hook(kind, not_busy)
    return session


def not_busy(answer):
    if answer.status_code == 429 or answer.status_code >= 500:
        raise Busy(answer)
    return answer


def bearer(token):
    if token["token_type"].lower() != "bearer":
        raise Problem("The platform's answer is not in order.")
    return token


def refresh(session, used):
    """One refresh for all requests that wait for it; `used` is the access token that was refused."""
    with session["lock"]:
        old = session["token"]
        if old["access_token"] != used:
            return
        if "refresh_token" not in old or session["id"] not in sessions:
            raise SignInAgain
        for tries in range(3):
            try:
                # No scope: a session that was made with one asks for all of it again, whatever was granted.
                new = bearer(client().refresh_token(platform.metadata()["token_endpoint"], old["refresh_token"], auth=BASIC, timeout=TIMEOUT))
                break
            except InvalidGrantError as error:
                raise SignInAgain from error
            except (Busy, requests.RequestException) as error:
                wait = pause(getattr(error, "answer", None), tries)
                if tries == 2 or wait > 8:
                    raise Problem("The platform does not answer now: try again later.") from error
                time.sleep(wait)
            except (OAuth2Error, ValueError) as error:
                raise Problem("The platform does not answer as it should: try again later.") from error
        if "id_token" in new:
            try:
                theirs = claims_of(new["id_token"])["sub"]
            except Problem as error:
                raise SignInAgain from error
            if theirs != session["sub"]:
                raise SignInAgain
        session["token"] = {**old, **new}


def call(session, method, path, scope=None, **options):
    """Repeats reads that failed for a moment, and what a 429 refused; never a write that was perhaps carried out."""
    if scope and scope not in scopes_of(session["token"]):
        raise Problem(REFUSED)
    tries, refreshed = 0, False
    while True:
        used, answer, body = session["token"]["access_token"], None, {}
        try:
            answer = ask(method, API + path, headers={"Authorization": f"Bearer {used}"}, **options)
            body = answer.json() if answer.status_code < 500 else {}
        except (requests.RequestException, ValueError) as error:
            app.logger.warning("%s %s: %s", method, path, type(error).__name__)
            answer = None
        status = answer.status_code if answer is not None else 0
        if status == 401 and not refreshed:
            refresh(session, used)
            refreshed = True
        elif status == 429 or (method == "GET" and (status == 0 or status >= 500)):
            wait = pause(answer, tries)
            tries += 1
            if tries > 3 or wait > 8:
                raise Problem("The platform does not answer now: try again later.")
            time.sleep(wait)
        elif 200 <= status < 300:
            return body
        else:
            raise problem_of(method, path, status, body)


def problem_of(method, path, status, body):
    app.logger.warning("%s %s: %s %s", method, path, status, body.get("error"))
    if status == 401:
        return SignInAgain()
    if status == 403:
        lacking = body.get("error") == "insufficient_permission"
        return Problem("Your account lacks the permission: ask your medical centre." if lacking else REFUSED)
    if status == 409:
        return Problem("Somebody changed this meanwhile: look at it again and repeat your change.")
    if status == 422:
        return Problem(f"The platform does not accept this: {body.get('message', '')}")
    if method != "GET" and (status == 0 or status >= 500):
        return Problem("It is not known whether the platform did this: look before you repeat it.")
    return Problem("The platform does not answer as it should: try again later.")


def scopes_of(token):
    scope = token.get("scope", SCOPES)
    return scope.split() if isinstance(scope, str) else scope


def patients_of(session, limit=100):
    found, more = [], True
    while more:
        path = f"/v2/tenants/{session['tenant']}/patients"
        page = call(session, "GET", path, PATIENTS, params={"offset": len(found), "limit": limit})
        found += page["items"]
        more = page["hasMore"] and page["items"]
    return found


def revoke(token):
    for tries in range(4):
        answer = None
        try:
            data = {"token": token["refresh_token"], "token_type_hint": "refresh_token"}
            answer = ask("POST", platform.metadata()["revocation_endpoint"], data=data, auth=BASIC)
        except requests.RequestException as error:
            app.logger.warning("revocation: %s", type(error).__name__)
        if answer is not None and answer.status_code != 429 and answer.status_code < 500:
            return
        time.sleep(min(pause(answer, tries), 30))


# ---- sessions: the cookie holds the id alone

sessions = {}


def new_session(**values):
    session = {"id": secrets.token_urlsafe(32), "csrf": secrets.token_urlsafe(32), "lock": threading.Lock(), "attempts": {}, **values}
    sessions[session["id"]] = g.session = session


@app.before_request
def find_session():
    g.session = sessions.get(request.cookies.get("__Host-sid"))


@app.after_request
def finish(response):
    if g.session and g.session["id"] != request.cookies.get("__Host-sid"):
        response.set_cookie("__Host-sid", g.session["id"], httponly=True, secure=True, samesite="Lax", path="/")
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"})
    response.headers["Content-Security-Policy"] = "default-src 'self'; script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    return response


# ---- pages

PAGE = """<!doctype html><html lang="en"><title>Studio</title><main>
{% if session and session.name %}<p id="user">{{ session.name }}</p><a href="/patients">Patients</a>
  <form method="post" action="/logout"><input type="hidden" name="csrf" value="{{ session.csrf }}"><button id="logout">Sign out</button></form>{% endif %}
{% if notice %}<p class="problem" role="alert">{{ notice }}</p>{% endif %}
{% if patients %}<ul id="patients">{% for it in patients %}<li>{{ it.lastName }} {{ it.firstName }}</li>{% endfor %}</ul>
  <form method="post" action="/change"><input type="hidden" name="csrf" value="{{ session.csrf }}"><button id="change">Confirm the first one's data</button></form>
{% elif patients is defined %}<p>There are no patients.</p>{% endif %}
{% if again %}<a href="/login">Sign in with GipoNext</a>{% endif %}
{% if not session or not session.name %}<button id="login">Sign in with GipoNext</button><script>
  new BroadcastChannel("studio").onmessage = () => location.reload();
  document.querySelector("#login").onclick = () => {
    if (!window.open("/login", "_blank", "popup,width=520,height=760")) location.assign("/login");
  };
</script>{% endif %}</main></html>"""

DONE = """<!doctype html><html lang="en"><title>Studio</title><a href="/">Continue</a><script>
  new BroadcastChannel("studio").postMessage("done");
  close();
  setTimeout(() => location.replace("/"), 300); // where there was no popup
</script></html>"""


def page(status=200, **values):
    return render_template_string(PAGE, session=g.session, **values), status


@app.errorhandler(500)
def unforeseen(error):
    return page(500, notice="This did not succeed: try again later.")


@app.get("/health")
def health():
    return "ok"


@app.get("/")
def home():
    return page(notice=g.session and g.session.pop("notice", None))


@app.get("/done")
def done():
    return DONE


@app.get("/login")
def login():
    if not g.session:
        new_session()
    try:
        flow = client(scope=SCOPES, redirect_uri=f"http://127.0.0.1:{PORT}/callback", pkce="S256")
        nonce = secrets.token_urlsafe(32)
        url, state = flow.authorization_url(platform.metadata()["authorization_endpoint"], secrets.token_urlsafe(32), nonce=nonce)
    except (Problem, requests.RequestException, ValueError, KeyError) as error:
        return not_signed_in(error)
    attempts = g.session["attempts"]
    for old in list(attempts)[:-9]:
        attempts.pop(old, None)
    attempts[state] = {"flow": flow, "nonce": nonce, "at": time.time()}
    return redirect(url, 303)


@app.get("/callback")
def callback():
    try:
        if any(len(request.args.getlist(name)) > 1 for name in ("code", "state", "iss", "error")):
            raise ValueError("a parameter is repeated")
        attempt = g.session and g.session["attempts"].pop(request.args.get("state"), None)
        if not attempt or time.time() - attempt["at"] > ATTEMPT_SECONDS:
            raise ValueError("nobody asked for this response")
        promised = platform.metadata().get("authorization_response_iss_parameter_supported")
        if request.args.get("iss", None if promised else ISSUER) != ISSUER:
            raise ValueError("the response is another issuer's")
        if "error" in request.args:
            raise Problem("You did not consent." if request.args["error"] == "access_denied" else "The platform refused the sign-in.")
        endpoint = platform.metadata()["token_endpoint"]
        token = attempt["flow"].fetch_token(endpoint, code=request.args["code"], auth=BASIC, include_client_id=False, timeout=TIMEOUT)
        user = who(bearer(token), attempt["nonce"])
    except (Problem, SignInAgain, Busy, OAuth2Error, requests.RequestException, ValueError, KeyError, AttributeError) as error:
        return not_signed_in(error)
    attempts = sessions.pop(g.session["id"])["attempts"]
    new_session(token=token, attempts=attempts, **user)
    return redirect("/done", 303)


def not_signed_in(error):
    app.logger.warning("sign-in: %s %s", type(error).__name__, error)
    if not g.session:
        new_session()
    if "name" not in g.session:  # a failed attempt ends nobody's session
        g.session["notice"] = str(error) if isinstance(error, Problem) else "The sign-in did not succeed: try again."
    return redirect("/done", 303)


def who(token, nonce):
    """The user, and the one medical centre that this application may serve."""
    claims = claims_of(token["id_token"])
    if not hmac.compare_digest(str(claims.get("nonce")).encode(), nonce.encode()):
        raise ValueError("the ID token is of another sign-in")
    user = call({"token": token, "id": None, "lock": threading.Lock()}, "GET", "/v2/userinfo")
    if user["sub"] != claims["sub"]:
        raise ValueError("the user information is somebody else's")
    for tenant in user["tenants"]:
        if str(tenant["id"]) in TENANTS:
            return {"sub": user["sub"], "name": user["name"], "tenant": tenant["id"]}
    threading.Thread(target=revoke, args=(token,)).start()
    raise Problem("Your medical centre did not authorise this application.")


def signed(work):
    """A page of the signed-in; whoever has to sign in again is told so."""

    def view():
        if not g.session or "name" not in g.session:
            return redirect("/", 303)
        if request.method == "POST" and not hmac.compare_digest(request.form.get("csrf", "").encode(), g.session["csrf"].encode()):
            return page(403, notice="This form is too old: try again.")
        try:
            return work(g.session)
        except SignInAgain:
            sessions.pop(g.session["id"], None)
            new_session(notice="Your access to the platform has ended: sign in again.")
            return redirect("/", 303)
        except Problem as problem:
            return page(notice=str(problem), again=str(problem) == REFUSED)

    view.__name__ = work.__name__
    return view


@app.get("/patients")
@signed
def patients(session):
    return page(patients=patients_of(session), notice=session.pop("notice", None))


@app.post("/change")
@signed
def change(session):
    base = f"/v2/tenants/{session['tenant']}/patients"
    first = call(session, "GET", base, PATIENTS, params={"limit": 1})["items"][0]
    names = "firstName lastName fiscalCode birthDate birthPlace gender phone email address city postalCode contactPreference version".split()
    call(session, "PUT", f"{base}/{first['id']}", PATIENTS, json={name: first[name] for name in names if first.get(name) is not None})
    session["notice"] = "Saved."
    return redirect("/patients", 303)


@app.post("/logout")
@signed
def logout(session):
    sessions.pop(session["id"], None)
    new_session()
    if "refresh_token" in session["token"]:
        threading.Thread(target=revoke, args=(session["token"],)).start()
    return redirect("/", 303)


if __name__ == "__main__":
    app.run("127.0.0.1", PORT, threaded=True)
