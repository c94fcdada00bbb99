// Express and passport-openidconnect. The library leaves to the application: PKCE, HTTP Basic, the response's issuer,
// the ID token's signature, the refresh and the sign-out.
import { createHash, randomBytes } from "node:crypto";
import express from "express";
import session from "express-session";
import { createRemoteJWKSet, jwtVerify } from "jose";
import passport from "passport";
import OpenIDConnectStrategy from "passport-openidconnect";

const { OIDC_ISSUER: ISSUER, GIPO_API_BASE: API, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const TENANTS = process.env.TENANTS.split(",");
const BASE = `http://127.0.0.1:${PORT}`;
const PATIENTS = "giponext.patients";
const ATTEMPT_MS = 10 * 60 * 1000;
const REFUSED = "You did not grant this permission. Sign in again to grant it.";
const random = () => randomBytes(32).toString("base64url");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

class Problem extends Error {} // its message is for the end-user
class SignInAgain extends Error {}

// ---- HTTP: no redirects, a time limit, waits as long as the platform says

const passing = (answer) => !answer || answer.status === 429 || answer.status >= 500;

async function ask(url, options = {}) {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5000), ...options });
    const text = await answer.text();
    const answered = { status: answer.status, retryAfter: answer.headers.get("retry-after"), body: {}, json: true };
    try { answered.body = JSON.parse(text) ?? {}; } catch { answered.json = false; }
    return answered;
  } catch (error) {
    console.error(url.split("?")[0], error.name, error.cause?.code ?? "");
    return undefined;
  }
}

/** Milliseconds to wait before the next try. */
function pause(answer, tries) {
  const said = answer?.retryAfter ?? "";
  let ms = 500 * 2 ** tries;
  if (/^\d+$/.test(said)) ms = Number(said) * 1000;
  else if (said && !Number.isNaN(Date.parse(said))) ms = Math.max(0, Date.parse(said) - Date.now());
  return ms + 50 + Math.random() * 250;
}

/** Repeats what fails for a moment: at most `most` times, and not when the platform asks for more patience than a page has. */
async function patiently(most, request) {
  for (let tries = 0; ; tries++) {
    const answer = await request();
    const wait = pause(answer, tries);
    if (!passing(answer) || tries >= most || wait > 8000) return answer;
    await sleep(wait);
  }
}

// ---- the platform

let known;

async function platform() {
  if (known) return known;
  const answer = await patiently(2, () => ask(`${ISSUER.replace(/\/$/, "")}/.well-known/openid-configuration`));
  if (answer?.status !== 200) throw new Problem("The platform does not answer now.");
  if (answer.body.issuer !== ISSUER) throw new Problem("The platform's configuration does not match.");
  return (known = { ...answer.body, keys: createRemoteJWKSet(new URL(answer.body.jwks_uri)) });
}

const form = (text) => new URLSearchParams({ _: text }).toString().slice(2);
const BASIC = "Basic " + Buffer.from(`${form(CLIENT_ID)}:${form(CLIENT_SECRET)}`).toString("base64");
const post = (url, fields) => ask(url, { method: "POST", body: new URLSearchParams(fields), headers: { authorization: BASIC, accept: "application/json" } });

function tokensOf(answer) {
  const body = answer?.body ?? {};
  if (answer?.status !== 200) throw body.error === "invalid_grant" ? new SignInAgain() : new Problem("The platform gives no access now.");
  if (typeof body.access_token !== "string" || String(body.token_type).toLowerCase() !== "bearer") throw new Problem("The platform's answer is not in order.");
  return body;
}

async function claimsOf(idToken) {
  const { keys } = await platform();
  const { payload } = await jwtVerify(idToken, keys, {
    issuer: ISSUER, audience: CLIENT_ID, algorithms: ["RS256"], clockTolerance: 60, maxTokenAge: "1h", requiredClaims: ["exp", "iat", "sub"],
  });
  if ([payload.aud].flat().length !== 1 || (payload.azp ?? CLIENT_ID) !== CLIENT_ID) throw new Error("the ID token is for others too");
  if (typeof payload.sub !== "string" || !payload.sub || payload.sub.length > 255) throw new Error("the ID token names nobody");
  return payload;
}

/** One refresh for all requests that wait for it; `used` is the access token that was refused. */
function refresh(grant, used) {
  if (grant.access !== used) return Promise.resolve();
  return (grant.refreshing ??= renew(grant).finally(() => { grant.refreshing = undefined; }));
}

async function renew(grant) {
  if (!grant.refresh) throw new SignInAgain();
  const { token_endpoint } = await platform();
  const tokens = tokensOf(await patiently(2, () => post(token_endpoint, { grant_type: "refresh_token", refresh_token: grant.refresh })));
  if (tokens.id_token) {
    const claims = await claimsOf(tokens.id_token).catch(() => { throw new SignInAgain(); });
    if (claims.sub !== grant.sub) throw new SignInAgain();
  }
  Object.assign(grant, kept(tokens, grant));
}

const kept = (tokens, before) => ({
  access: tokens.access_token,
  refresh: tokens.refresh_token ?? before.refresh,
  idToken: tokens.id_token ?? before.idToken,
  scopes: tokens.scope ? tokens.scope.split(" ") : before.scopes,
});

async function get(grant, path, scope) {
  if (grant.id && !grants.has(grant.id)) throw new SignInAgain();
  if (scope && !grant.scopes.includes(scope)) throw new Problem(REFUSED);
  const request = () => patiently(3, async () => {
    const answer = await ask(API + path, { headers: { accept: "application/json", authorization: `Bearer ${grant.access}` } });
    return answer?.status === 200 && !answer.json ? undefined : answer; // cut off, or not from the platform
  });
  const used = grant.access;
  let answer = await request();
  if (answer?.status === 401) {
    await refresh(grant, used);
    answer = await request();
    if (answer?.status === 401) throw new SignInAgain();
  }
  const { status = 0, body = {} } = answer ?? {};
  if (status === 200) return body;
  console.error(path.split("?")[0], status, body.error ?? "", new Date().toISOString());
  if (status === 403) throw new Problem(body.error === "insufficient_permission" ? "Your account lacks the permission: ask your medical centre." : REFUSED);
  throw new Problem("The platform does not answer as it should: try again later.");
}

async function everyPatient(grant) {
  const items = [];
  for (let more = true; more; ) {
    const page = await get(grant, `/v2/tenants/${grant.tenant}/patients?offset=${items.length}&limit=100`, PATIENTS);
    items.push(...(page.items ?? []));
    more = page.hasMore && page.items?.length > 0;
  }
  return items;
}

async function revoke(grant) {
  const { revocation_endpoint } = await platform();
  await patiently(3, () => post(revocation_endpoint, { token: grant.refresh, token_type_hint: "refresh_token" }));
}

// ---- sign-in: passport, with a strategy for each attempt

const grants = new Map();

function strategyFor({ authorization_endpoint, token_endpoint }, attempt) {
  const store = {
    store(request, context, _state, _meta, done) {
      const state = random();
      const pending = Object.entries(request.session.attempts ?? {}).filter(([, { at }]) => Date.now() - at < ATTEMPT_MS);
      request.session.attempts = Object.fromEntries([...pending.slice(-9), [state, { ...attempt, nonce: context.nonce, at: Date.now() }]]);
      done(null, state);
    },
    verify: (_request, _state, done) => done(null, { nonce: attempt.nonce }, {}), // `attempt` was found by its state
  };
  const options = {
    issuer: ISSUER, authorizationURL: authorization_endpoint, tokenURL: token_endpoint, clientID: CLIENT_ID, clientSecret: CLIENT_SECRET,
    callbackURL: `${BASE}/callback`, scope: ["profile", "offline_access", PATIENTS], nonce: true, skipUserProfile: true, store,
  };
  const strategy = new OpenIDConnectStrategy(options, (_issuer, _profile, _context, idToken, _access, _refresh, tokens, done) => {
    signedIn(idToken, tokens, attempt).then((grant) => done(null, grant), done);
  });
  strategy.authorizationParams = () => ({ code_challenge: createHash("sha256").update(attempt.verifier).digest("base64url"), code_challenge_method: "S256" });
  strategy._oauth2.getOAuthAccessToken = (code, fields, done) =>
    post(token_endpoint, { ...fields, code, code_verifier: attempt.verifier }).then(tokensOf).then((body) => done(null, body.access_token, body.refresh_token, body), done);
  return strategy;
}

async function signedIn(idToken, tokens, attempt) {
  const { sub, nonce } = await claimsOf(idToken);
  if (nonce !== attempt.nonce) throw new Error("the ID token is of another sign-in");
  const grant = { sub, ...kept(tokens, { scopes: ["openid", "profile", "offline_access", PATIENTS] }) };
  const user = await get(grant, "/v2/userinfo");
  if (user.sub !== sub) throw new Error("the user information is somebody else's");
  const tenant = (user.tenants ?? []).find(({ id }) => TENANTS.includes(String(id)));
  if (!tenant) {
    if (grant.refresh) revoke(grant).catch((error) => console.error(error.message));
    throw new Problem("Your medical centre did not authorise this application.");
  }
  return Object.assign(grant, { id: random(), name: user.name, tenant: tenant.id });
}

// ---- pages

const escape = (text) => String(text ?? "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (body) => `<!doctype html><html lang="en"><meta charset="utf-8"><title>Patients</title><main>${body}</main></html>`;
const alert = (text) => (text ? `<p class="problem" role="alert">${escape(text)}</p>` : "");
const header = ({ user, session }) => `<p>Signed in as <b id="user">${escape(user.name)}</b></p><a href="/patients">Patients</a>
  <form method="post" action="/logout"><input type="hidden" name="csrf" value="${session.csrf}"><button id="logout">Sign out</button></form>`;
const again = `<a href="/login">Sign in with GipoNext</a>`;
const LOGIN = `<button id="login">Sign in with GipoNext</button><p id="note"></p><script>
  const button = document.querySelector("#login"), note = document.querySelector("#note");
  let ended = false;
  const end = () => { if (!ended) { ended = true; location.reload(); } };
  addEventListener("message", (event) => { if (event.origin === location.origin && event.data === "done") end(); });
  button.onclick = () => {
    const popup = window.open("/login", "_blank", "popup,width=520,height=760");
    if (!popup) return void location.assign("/login");
    const look = setInterval(async () => { // the opener's message may be lost: a page in between can cut the two apart
      const { done } = await (await fetch("/session")).json();
      if (done) end(clearInterval(look));
      else if (popup.closed) note.textContent = "The window was closed: you can try again.";
    }, 1000);
  };
</script>`;

const app = express();
app.get("/health", (_request, response) => response.send("ok"));
app.use((_request, response, next) => {
  response.set({ "cache-control": "no-store", "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" });
  response.set("content-security-policy", "default-src 'self'; script-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'");
  next();
});
app.use(session({ name: "sid", secret: random(), resave: false, saveUninitialized: false, cookie: { httpOnly: true, secure: "auto", sameSite: "lax" } }));
app.use(passport.session());
app.use(express.urlencoded({ extended: false }));
passport.serializeUser((grant, done) => done(null, grant.id));
passport.deserializeUser((id, done) => done(null, grants.get(id) ?? false));

const take = (request) => {
  const { notice } = request.session;
  delete request.session.notice;
  return notice;
};

app.get("/", (request, response) => {
  const notice = alert(take(request));
  response.send(page(request.user ? header(request) + notice : notice + LOGIN));
});
app.get("/session", ({ user, session }, response) => response.json({ done: Boolean(user || session.notice) }));

app.get("/login", async (request, response, next) => {
  try {
    passport.authenticate(strategyFor(await platform(), { verifier: random() }))(request, response, next);
  } catch (error) {
    refused(request, response, error);
  }
});

app.get("/callback", async (request, response, next) => {
  const { state, iss, error } = request.query;
  const attempt = request.session.attempts?.[state];
  try {
    if (["code", "state", "iss", "error"].some((name) => Array.isArray(request.query[name]))) throw new Error("a parameter is repeated");
    if (!attempt || Date.now() - attempt.at > ATTEMPT_MS) throw new Error("nobody asked for this response");
    delete request.session.attempts[state];
    const metadata = await platform();
    if (iss === undefined ? metadata.authorization_response_iss_parameter_supported : iss !== ISSUER) throw new Error("the response is another issuer's");
    if (error === "access_denied") throw new Problem("You did not consent.");
    if (error || !request.query.code) throw new Error("the platform refused the sign-in");
    passport.authenticate(strategyFor(metadata, attempt), (problem, grant, info) => {
      if (!grant) return refused(request, response, problem ?? new Error(info?.message));
      const { attempts } = request.session;
      request.logIn(grant, (problem) => { // a new session id
        if (problem) return next(problem);
        grants.set(grant.id, grant);
        Object.assign(request.session, { attempts, csrf: random() });
        response.redirect(303, "/done");
      });
    })(request, response, next);
  } catch (problem) {
    refused(request, response, problem);
  }
});

function refused(request, response, error) {
  console.error("sign-in:", error.name, error.message);
  if (!request.user) request.session.notice = error instanceof Problem ? error.message : "The sign-in did not succeed: try again.";
  response.redirect(303, "/done");
}

app.get("/done", (_request, response) => response.send(page(`<p><a href="/">Continue</a></p><script>
  if (opener) opener.postMessage("done", location.origin);
  close();
  setTimeout(() => location.replace("/"), 300); // where there was no popup
</script>`)));

/** A page of the signed-in; whoever has to sign in again is told so. */
const signed = (work) => async (request, response) => {
  if (!request.user) return response.redirect(303, "/");
  try {
    await work(request, response);
  } catch (error) {
    if (error instanceof SignInAgain) {
      grants.delete(request.user.id);
      request.session.notice = "Your access to the platform has ended: sign in again.";
      return response.redirect(303, "/");
    }
    console.error(error.name, error.message);
    response.send(page(header(request) + alert(error instanceof Problem ? error.message : "This did not succeed.") + again));
  }
};
const ours = (work) => (request, response) =>
  request.session.csrf && request.body?.csrf === request.session.csrf ? work(request, response) : response.status(403).send(page(alert("This form is too old.")));

app.get("/patients", signed(async (request, response) => {
  const patients = await everyPatient(request.user);
  const items = patients.map(({ firstName, lastName }) => `<li>${escape(lastName)} ${escape(firstName)}</li>`).join("");
  response.send(page(`${header(request)}<ul id="patients">${items}</ul>${patients.length ? "" : "Nobody is there."}`));
}));

app.post("/logout", ours(async (request, response, next) => {
  const { user } = request;
  if (!user) return response.redirect(303, "/");
  grants.delete(user.id);
  const state = random();
  request.session.regenerate(async (problem) => {
    if (problem) return next(problem);
    request.session.leaving = state;
    if (user.refresh) revoke(user).catch((error) => console.error(error.message));
    const end = new URL((await platform()).end_session_endpoint);
    for (const [name, value] of Object.entries({ id_token_hint: user.idToken, post_logout_redirect_uri: `${BASE}/signed-out`, state })) end.searchParams.set(name, value);
    response.redirect(303, end.href);
  });
}));

app.get("/signed-out", (request, response) => {
  const { leaving } = request.session;
  delete request.session.leaving;
  if (!leaving || request.query.state !== leaving) return response.status(400).send(page(alert("You did not ask for this page.") + `<a href="/">Start</a>`));
  response.redirect(303, "/");
});

app.use((error, _request, response, _next) => {
  console.error(error.name, error.message);
  response.status(500).send(page(alert("Something went wrong.")));
});
app.listen(Number(PORT), "127.0.0.1");
