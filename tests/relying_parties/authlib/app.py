"""An application of the kind that integrators write: Flask, and Authlib as its documentation says."""

import os
import secrets

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Flask, g, redirect, render_template_string, request, session

SCOPE = "openid profile offline_access giponext.patients"
TENANTS = os.environ["TENANTS"].split(",")
API = os.environ["GIPO_API_BASE"]
PORT = int(os.environ["PORT"])
PAGE = 50

# By session id: the cookie holds the id alone.
sessions = {}

app = Flask(__name__)
app.secret_key = secrets.token_hex(32)
app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_HTTPONLY=True)


class Cache(dict):
    """Keeps state, nonce and code verifier out of the cookie."""

    def set(self, key, value, timeout=None):
        self[key] = value

    def delete(self, key):
        self.pop(key, None)


def update_token(name, token, refresh_token=None, access_token=None):
    g.session["token"] = {**g.session["token"], **token}


oauth = OAuth(app, cache=Cache(), update_token=update_token)
oauth.register(
    name="giponext",
    client_id=os.environ["CLIENT_ID"],
    client_secret=os.environ["CLIENT_SECRET"],
    server_metadata_url=os.environ["OIDC_ISSUER"] + "/.well-known/openid-configuration",
    api_base_url=API,
    client_kwargs={"scope": SCOPE, "code_challenge_method": "S256"},
)

PAGE_OF = """<!doctype html><html lang="en"><title>Patients</title><main>
{% if user %}<p id="user">{{ user.name }}</p><a href="/patients">Patients</a> <a id="logout" href="/logout">Sign out</a>
{% if patients is defined %}<ul id="patients">{% for it in patients %}<li>{{ it.lastName }} {{ it.firstName }}</li>{% endfor %}</ul>{% endif %}
{% if problem %}<p class="error">{{ problem }}</p>{% endif %}
{% else %}
{% if error %}<p class="login-error">{{ error }}</p>{% endif %}
<button id="login">Sign in</button><script>
  document.querySelector("#login").onclick = () => window.open("/login", "sign-in", "popup,width=520,height=760");
  window.addEventListener("message", (event) => {
    if (event.origin === location.origin && event.data === "signed-in") location.reload();
  });
</script>{% endif %}</main></html>"""

DONE = """<!doctype html><html lang="en"><title>Signed in</title><script>
  if (window.opener) { window.opener.postMessage("signed-in", location.origin); window.close(); } else { location.replace("/"); }
</script></html>"""


@app.before_request
def find_session():
    g.session = sessions.get(session.get("id"))


@app.get("/health")
def health():
    return "ok"


@app.get("/")
def home():
    user = g.session and g.session["user"]
    return render_template_string(PAGE_OF, user=user, error=session.get("error"))


@app.get("/login")
def login():
    return oauth.giponext.authorize_redirect(f"http://127.0.0.1:{PORT}/callback")


@app.get("/callback")
def callback():
    try:
        token = oauth.giponext.authorize_access_token()
        user = who(token)
    except (OAuthError, ValueError, KeyError, requests.RequestException) as error:
        app.logger.warning("%s", type(error).__name__)
        session["error"] = "The sign-in did not succeed."
        return DONE
    session.clear()
    session["id"] = secrets.token_urlsafe(32)
    sessions[session["id"]] = {"token": token, "user": user}
    return DONE


@app.get("/patients")
def patients():
    if not g.session:
        return redirect("/")
    user = g.session["user"]
    try:
        return render_template_string(PAGE_OF, user=user, patients=entries("patients"))
    except OAuthError:
        sessions.pop(session.pop("id"), None)
        return redirect("/")
    except requests.RequestException as error:
        app.logger.warning("%s", error)
        return render_template_string(PAGE_OF, user=user, problem="The patients are not available now."), 502


@app.get("/logout")
def logout():
    ended = sessions.pop(session.pop("id", None), None)
    if ended and "refresh_token" in ended["token"]:
        metadata = oauth.giponext.load_server_metadata()
        with oauth.giponext._get_oauth_client(**metadata) as client:
            client.revoke_token(metadata["revocation_endpoint"], ended["token"]["refresh_token"], token_type_hint="refresh_token")
    return redirect("/")


def who(token):
    """The user and the one medical centre that this application may serve."""
    answer = oauth.giponext.get("/v2/userinfo", token=token)
    answer.raise_for_status()
    user = answer.json()
    if user["sub"] != token["userinfo"]["sub"]:
        raise ValueError("the user information is somebody else's")
    for tenant in user["tenants"]:
        if str(tenant["id"]) in TENANTS:
            return {"name": user["name"], "tenant": tenant["id"]}
    raise ValueError("the user's medical centre did not authorise this application")


def get(path, **options):
    answer = oauth.giponext.get(path, token=g.session["token"], **options)
    if answer.status_code == 401:
        # Ended before its time: the library refreshes what it takes for expired.
        g.session["token"]["expires_at"] = 1
        answer = oauth.giponext.get(path, token=g.session["token"], **options)
    return answer


def entries(resource):
    found, more = [], True
    while more:
        path = f"/v2/tenants/{g.session['user']['tenant']}/{resource}"
        answer = get(path, params={"offset": len(found), "limit": PAGE})
        if answer.status_code == 401:
            raise OAuthError("invalid_token")
        answer.raise_for_status()
        body = answer.json()
        found += body["items"]
        more = body["hasMore"] and body["items"]
    return found


if __name__ == "__main__":
    app.run("127.0.0.1", PORT, threaded=True)
