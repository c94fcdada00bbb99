// A backend for a frontend: Hono serves a page that is drawn by script, arctic and jose do the sign-in, and no token leaves the server.
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { serve } from "@hono/node-server";
import { CodeChallengeMethod, generateCodeVerifier, generateState, OAuth2Client } from "arctic";
import { Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { OIDC_ISSUER: ISSUER, GIPO_API_BASE: API, CLIENT_ID, CLIENT_SECRET, PORT } = process.env;
const TENANTS = process.env.TENANTS.split(",");
const CALLBACK = `http://127.0.0.1:${PORT}/callback`;
const PATIENTS = "giponext.patients";
const SCOPES = ["openid", "profile", "offline_access", PATIENTS];
const ATTEMPT_MS = 10 * 60 * 1000;
const oauth = new OAuth2Client(CLIENT_ID, CLIENT_SECRET, CALLBACK);
const random = () => randomBytes(32).toString("base64url");
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** What the end-user is told, with the status that the page gets. */
class Problem extends Error {
  constructor(message, status = 502) {
    super(message);
    this.status = status;
  }
}
const UNAVAILABLE = "GipoNext non risponde: riprova più tardi.";
const NOT_SIGNED_IN = "Accesso non riuscito: riprova.";
const refused = () => new Problem("Non hai concesso questo permesso: accedi di nuovo per concederlo.", 403);
const ended = () => new Problem("L'accesso a GipoNext è terminato: entra di nuovo.", 401);

// ---- HTTP: no redirects, a time limit, waits as long as the platform says

/** Undefined is an answer that did not come whole. */
async function ask(url, options = {}) {
  try {
    const answer = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(5000), ...options });
    const text = await answer.text();
    let body;
    try { body = JSON.parse(text); } catch { /* not JSON */ }
    return { status: answer.status, retryAfter: answer.headers.get("retry-after") ?? "", body };
  } catch (error) {
    console.error(url.split("?")[0], error.name, error.cause?.code ?? "");
  }
}

const passing = (answer) => !answer || answer.status === 429 || answer.status >= 500;

function pause({ retryAfter = "" } = {}, tries) {
  let ms = 500 * 2 ** tries;
  if (/^\d+$/.test(retryAfter)) ms = Number(retryAfter) * 1000;
  else if (!Number.isNaN(Date.parse(retryAfter))) ms = Math.max(0, Date.parse(retryAfter) - Date.now());
  return ms + 50 + Math.random() * 250;
}

let limitedUntil = 0; // a limit is the whole application's, not one user's

/** Repeats what fails for a moment, unless the platform asks for more patience than a page has. */
async function patiently(most, request) {
  for (let tries = 0; ; tries++) {
    const answer = await request();
    const wait = pause(answer, tries);
    if (answer?.status === 429) limitedUntil = Date.now() + wait;
    if (!passing(answer) || tries >= most || wait > 8000) return answer;
    await sleep(wait);
  }
}

// ---- the platform

let known;

async function platform() {
  if (known) return known;
  const answer = await patiently(2, () => ask(`${ISSUER.replace(/\/$/, "")}/.well-known/openid-configuration`));
  if (answer?.status !== 200 || answer.body?.issuer !== ISSUER) throw new Problem(UNAVAILABLE);
  return (known = { ...answer.body, keys: createRemoteJWKSet(new URL(answer.body.jwks_uri)) });
}

const form = (text) => new URLSearchParams({ _: text }).toString().slice(2);
const BASIC = "Basic " + Buffer.from(`${form(CLIENT_ID)}:${form(CLIENT_SECRET)}`).toString("base64");
const post = (url, fields) => ask(url, { method: "POST", body: new URLSearchParams(fields), headers: { authorization: BASIC, accept: "application/json" } });

async function claimsOf(idToken) {
  const { keys } = await platform();
  const { payload } = await jwtVerify(idToken, keys, {
    issuer: ISSUER, audience: CLIENT_ID, algorithms: ["RS256"], clockTolerance: 60, maxTokenAge: "1h", requiredClaims: ["exp", "iat", "sub"],
  });
  if ([payload.aud].flat().length !== 1 || (payload.azp ?? CLIENT_ID) !== CLIENT_ID) throw new Error("the ID token is for others too");
  if (typeof payload.sub !== "string" || !payload.sub || payload.sub.length > 255) throw new Error("the ID token names nobody");
  return payload;
}

function take(grant, answer) {
  const tokens = answer?.body ?? {};
  if (tokens.error === "invalid_grant") throw ended();
  if (answer?.status !== 200 || typeof tokens.access_token !== "string" || String(tokens.token_type).toLowerCase() !== "bearer") throw new Problem(UNAVAILABLE);
  grant.access = tokens.access_token;
  grant.refresh = tokens.refresh_token ?? grant.refresh;
  grant.scopes = tokens.scope?.split(" ") ?? grant.scopes;
}

/** One refresh for all requests that wait for it; `used` is the access token that was refused. */
function refresh(grant, used) {
  if (grant.access !== used) return Promise.resolve();
  return (grant.refreshing ??= renew(grant).finally(() => { grant.refreshing = undefined; }));
}

async function renew(grant) {
  if (!grant.refresh || grant.over) throw ended();
  const { token_endpoint } = await platform();
  const answer = await patiently(2, () => post(token_endpoint, { grant_type: "refresh_token", refresh_token: grant.refresh }));
  if (answer?.status === 200 && answer.body?.id_token) {
    const claims = await claimsOf(answer.body.id_token).catch(() => ({}));
    if (claims.sub !== grant.sub) throw ended();
  }
  take(grant, answer);
}

async function get(grant, path, scope) {
  if (grant.over) throw ended();
  if (scope && !grant.scopes.includes(scope)) throw refused();
  const request = () => patiently(3, async () => {
    const answer = await ask(API + path, { headers: { accept: "application/json", authorization: `Bearer ${grant.access}` } });
    return answer?.status === 200 && !answer.body ? undefined : answer; // cut off
  });
  const used = grant.access;
  let answer = await request();
  if (answer?.status === 401) {
    await refresh(grant, used);
    answer = await request();
  }
  const { status = 0, body } = answer ?? {};
  if (status === 200) return body;
  console.error(path.split("?")[0], status, body?.error ?? "", new Date().toISOString());
  if (status === 401) throw ended();
  if (status === 403 && body?.error !== "insufficient_permission") throw refused();
  throw new Problem(status === 403 ? "Il tuo utente non ha il permesso: chiedi al centro medico." : UNAVAILABLE);
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

async function revoke({ refresh }) {
  if (!refresh) return;
  const { revocation_endpoint } = await platform();
  await patiently(3, () => post(revocation_endpoint, { token: refresh, token_type_hint: "refresh_token" }));
}

// ---- sign-in: the browser holds two ids, one of its sign-ins and one of its session

const grants = new Map();
const attempts = new Map();
const notices = new Map(); // by browser
const STRICT = { path: "/", httpOnly: true, secure: true, sameSite: "Strict" };

const browserOf = (c) => getCookie(c, "__Host-browser");
const grantOf = (c) => grants.get(getCookie(c, "__Host-session"));

function end(grant) {
  grant.over = true;
  grants.delete(grant.id);
}

async function signIn(attempt, code) {
  const { token_endpoint } = await platform();
  const grant = { id: random(), scopes: SCOPES };
  const answer = await post(token_endpoint, { grant_type: "authorization_code", code, redirect_uri: CALLBACK, code_verifier: attempt.verifier });
  take(grant, answer);
  const { sub, nonce } = await claimsOf(answer.body.id_token);
  if (nonce !== attempt.nonce) throw new Error("the ID token is of another sign-in");
  const user = await get(grant, "/v2/userinfo");
  if (user.sub !== sub) throw new Error("the user information is somebody else's");
  const tenant = (user.tenants ?? []).find(({ id }) => TENANTS.includes(String(id)));
  if (!tenant) {
    revoke(grant).catch((error) => console.error(error.message));
    throw new Problem("Il tuo centro medico non ha autorizzato questa applicazione.");
  }
  return Object.assign(grant, { sub, name: user.name, tenant: tenant.id });
}

const app = new Hono();
app.use(async (c, next) => {
  await next();
  c.header("cache-control", "no-store");
  c.header("referrer-policy", "no-referrer");
  c.header("x-content-type-options", "nosniff");
  c.header("content-security-policy", "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'");
});
const web = (name, type) => {
  const text = readFileSync(new URL(`web/${name}`, import.meta.url), "utf8");
  return (c) => c.body(text, 200, { "content-type": `${type}; charset=utf-8` });
};
app.get("/health", (c) => c.text("ok"));
for (const path of ["/", "/patients"]) app.get(path, web("index.html", "text/html"));
for (const name of ["app.js", "done.js"]) app.get(`/web/${name}`, web(name, "text/javascript"));
app.get("/done", (c) => c.html('<!doctype html><html lang="it"><meta charset="utf-8"><title>Sportello</title><a href="/">Continua</a><script src="/web/done.js"></script></html>'));

app.get("/login", async (c) => {
  const browser = browserOf(c) ?? random();
  setCookie(c, "__Host-browser", browser, { ...STRICT, sameSite: "Lax" }); // it comes with the platform's redirect
  try {
    const { authorization_endpoint } = await platform();
    for (const [state, { at }] of attempts) if (Date.now() - at > ATTEMPT_MS) attempts.delete(state);
    const attempt = { browser, verifier: generateCodeVerifier(), nonce: random(), at: Date.now() };
    const state = generateState();
    attempts.set(state, attempt);
    const url = oauth.createAuthorizationURLWithPKCE(authorization_endpoint, state, CodeChallengeMethod.S256, attempt.verifier, SCOPES);
    url.searchParams.set("nonce", attempt.nonce);
    return c.redirect(url.href);
  } catch (error) {
    console.error("sign-in:", error.message);
    notices.set(browser, UNAVAILABLE);
    return c.redirect("/done");
  }
});

app.get("/callback", async (c) => {
  const browser = browserOf(c);
  try {
    const [state, code, iss, error] = ["state", "code", "iss", "error"].map((name) => {
      const values = c.req.queries(name) ?? [];
      if (values.length > 1) throw new Error("a parameter is repeated");
      return values[0];
    });
    const attempt = attempts.get(state);
    if (!browser || attempt?.browser !== browser || Date.now() - attempt.at > ATTEMPT_MS) throw new Error("nobody asked for this response");
    attempts.delete(state);
    const { authorization_response_iss_parameter_supported: promised } = await platform();
    if ((iss !== undefined || promised) && iss !== ISSUER) throw new Error("the response is another issuer's");
    if (error === "access_denied") throw new Problem("Hai annullato l'accesso.");
    if (error || !code) throw new Error("the platform refused the sign-in");
    const grant = await signIn(attempt, code);
    const before = grantOf(c);
    if (before) {
      end(before);
      revoke(before).catch((problem) => console.error(problem.message));
    }
    grants.set(grant.id, grant);
    notices.delete(browser);
    setCookie(c, "__Host-session", grant.id, STRICT);
  } catch (problem) {
    console.error("sign-in:", problem.message);
    if (browser) notices.set(browser, problem instanceof Problem && problem.status !== 401 ? problem.message : NOT_SIGNED_IN);
  }
  return c.redirect("/done");
});

// ---- what the page asks

const api = new Hono();
api.use(async (c, next) => {
  if (c.req.header("x-sportello") !== "1") return c.json({ message: "Richiesta non valida." }, 403); // no other site can send it
  await next();
});
api.onError((error, c) => {
  const grant = grantOf(c);
  if (error.status === 401 && grant) end(grant);
  if (!(error instanceof Problem)) console.error(error);
  return c.json({ message: error instanceof Problem ? error.message : "Non riuscito." }, error.status ?? 500);
});
api.get("/session", (c) => {
  const notice = notices.get(browserOf(c));
  notices.delete(browserOf(c));
  const grant = grantOf(c);
  return c.json({ user: grant && { name: grant.name }, notice });
});
api.get("/patients", async (c) => {
  const grant = grantOf(c);
  if (!grant) throw ended();
  return c.json((await everyPatient(grant)).map(({ firstName, lastName }) => `${lastName} ${firstName}`));
});
api.delete("/session", (c) => {
  const grant = grantOf(c);
  if (grant) {
    end(grant);
    revoke(grant).catch((error) => console.error(error.message));
  }
  return c.json({});
});
app.route("/api", api);

// ---- in the background: how many patients there are

setInterval(() => {
  for (const grant of grants.values()) {
    if (grant.reading || Date.now() < limitedUntil || !grant.scopes.includes(PATIENTS)) continue;
    grant.reading = get(grant, `/v2/tenants/${grant.tenant}/patients?limit=1`, PATIENTS)
      .then(({ totalCount }) => { grant.count = totalCount; }, (error) => { if (error.status === 401) end(grant); })
      .finally(() => { grant.reading = undefined; });
  }
}, (Number(process.env.POLL_SECONDS) || 60) * 1000);

serve({ fetch: app.fetch, port: Number(PORT), hostname: "127.0.0.1" });
