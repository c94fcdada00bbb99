// An application of the kind that integrators write: Express, and openid-client as its documentation says.
import express from "express";
import session from "express-session";
import * as client from "openid-client";
import { randomBytes } from "node:crypto";

const { OIDC_ISSUER, GIPO_API_BASE, CLIENT_ID, CLIENT_SECRET, TENANTS, PORT } = process.env;
const BASE = `http://127.0.0.1:${PORT}`;
const REDIRECT_URI = `${BASE}/callback`;
const SCOPE = "openid profile offline_access giponext.patients";
const PAGE = 50;

// The mock is served over plain HTTP on the loopback interface.
const config = await client.discovery(new URL(OIDC_ISSUER), CLIENT_ID, CLIENT_SECRET, undefined, {
  execute: [client.allowInsecureRequests],
});

const app = express();
app.use(
  session({
    name: "sid",
    secret: randomBytes(32).toString("hex"),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: "lax" },
  }),
);

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
const page = (body) => `<!doctype html><html lang="en"><title>Patients</title><main>${body}</main></html>`;

app.get("/health", (_request, response) => response.send("ok"));

app.get("/", (request, response) => {
  const { user, error } = request.session;
  if (user) {
    return response.send(page(`<p id="user">${escape(user.name)}</p><a href="/patients">Patients</a> <a id="logout" href="/logout">Sign out</a>`));
  }
  const problem = error ? `<p class="login-error">${escape(error)}</p>` : "";
  response.send(page(`${problem}<button id="login">Sign in</button><script>
    document.querySelector("#login").onclick = () => window.open("/login", "sign-in", "popup,width=520,height=760");
    window.addEventListener("message", (event) => {
      if (event.origin === location.origin && event.data === "signed-in") location.reload();
    });
  </script>`));
});

app.get("/login", async (request, response) => {
  const attempt = {
    verifier: client.randomPKCECodeVerifier(),
    state: client.randomState(),
    nonce: client.randomNonce(),
  };
  request.session.attempt = attempt;
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT_URI,
    scope: SCOPE,
    code_challenge: await client.calculatePKCECodeChallenge(attempt.verifier),
    code_challenge_method: "S256",
    state: attempt.state,
    nonce: attempt.nonce,
  });
  response.redirect(url.href);
});

app.get("/callback", async (request, response) => {
  const { attempt } = request.session;
  try {
    if (!attempt) throw new Error("nobody asked for this response");
    delete request.session.attempt;
    const tokens = await client.authorizationCodeGrant(config, new URL(request.originalUrl, BASE), {
      pkceCodeVerifier: attempt.verifier,
      expectedState: attempt.state,
      expectedNonce: attempt.nonce,
      idTokenExpected: true,
    });
    const user = await who(tokens);
    await regenerate(request);
    request.session.user = user;
    request.session.tokens = kept(tokens);
  } catch (error) {
    console.error(error.code ?? error.name, error.message);
    request.session.error = "The sign-in did not succeed.";
  }
  response.send(page(`<script>
    if (window.opener) { window.opener.postMessage("signed-in", location.origin); window.close(); } else { location.replace("/"); }
  </script>`));
});

app.get("/patients", async (request, response) => {
  if (!request.session.user) return response.redirect("/");
  try {
    const patients = await all(request.session, "patients");
    const items = patients.map(({ firstName, lastName }) => `<li>${escape(lastName)} ${escape(firstName)}</li>`).join("");
    response.send(page(`<p id="user">${escape(request.session.user.name)}</p><ul id="patients">${items}</ul>`));
  } catch (error) {
    console.error(error.code ?? error.name, error.message);
    if (error.code === "OAUTH_RESPONSE_BODY_ERROR" || error.code === "SIGN_IN_AGAIN") {
      await regenerate(request);
      return response.redirect("/");
    }
    response.status(502).send(page(`<p class="error">The patients are not available now.</p>`));
  }
});

app.get("/logout", async (request, response) => {
  const refresh = request.session.tokens?.refresh_token;
  if (refresh) await client.tokenRevocation(config, refresh).catch((error) => console.error(error.message));
  await regenerate(request);
  response.redirect("/");
});

const kept = ({ access_token, refresh_token }) => ({ access_token, refresh_token });
const regenerate = (request) => new Promise((done, failed) => request.session.regenerate((error) => (error ? failed(error) : done())));

// The ID token's subject, and the one medical centre that this application may serve.
async function who(tokens) {
  const { sub } = tokens.claims();
  const answer = await client.fetchProtectedResource(config, tokens.access_token, new URL(`${GIPO_API_BASE}/v2/userinfo`), "GET");
  const user = await answer.json();
  if (user.sub !== sub) throw new Error("the user information is somebody else's");
  const tenant = user.tenants.find(({ id }) => TENANTS.split(",").includes(String(id)));
  if (!tenant) throw new Error("the user's medical centre did not authorise this application");
  return { name: user.name, tenant: tenant.id };
}

async function get(session, path) {
  const call = async () => client.fetchProtectedResource(config, session.tokens.access_token, new URL(GIPO_API_BASE + path), "GET");
  try {
    return await call();
  } catch (error) {
    if (error.status !== 401 || !session.tokens.refresh_token) throw error;
    const tokens = await client.refreshTokenGrant(config, session.tokens.refresh_token);
    session.tokens = { ...session.tokens, ...JSON.parse(JSON.stringify(kept(tokens))) };
    return await call();
  }
}

async function all(session, resource) {
  const items = [];
  for (let more = true; more; ) {
    const answer = await get(session, `/v2/tenants/${session.user.tenant}/${resource}?offset=${items.length}&limit=${PAGE}`);
    if (answer.status === 401) throw Object.assign(new Error("the session at the platform has ended"), { code: "SIGN_IN_AGAIN" });
    if (!answer.ok) throw new Error(`the platform answers with status ${answer.status}`);
    const body = await answer.json();
    items.push(...body.items);
    more = body.hasMore && body.items.length > 0;
  }
  return items;
}

app.listen(Number(PORT), "127.0.0.1");
