// The client of OAuth 2.0 and OpenID Connect: public, with PKCE; tokens are kept in this module's memory alone.
import { config } from "./config.js";
import { HttpError, request } from "./http.js";

const LEEWAY_S = 120;
const OLDEST_S = 900;
// Keys are read again for an unknown key id, but not more often (ID-12).
const KEYS_COOLDOWN_MS = 5_000;

export class Refused extends Error {}

const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const bytesOf = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));

let known;

// AZ-12, ID-14: every endpoint is taken from the document, which has to be the issuer's own.
async function metadata() {
  if (known) return known;
  const document = await request(`${config.issuer}/.well-known/openid-configuration`);
  if (document.issuer !== config.issuer) throw new Refused("The platform calls itself otherwise than it is called here.");
  return (known = document);
}

// AZ-04, AZ-07, AZ-09, AZ-11: every value is new for each attempt.
export async function begin() {
  const { authorization_endpoint } = await metadata();
  const attempt = { state: random(), nonce: random(), verifier: random(), redirectUri: `${location.origin}/callback` };
  const challenge = base64url(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(attempt.verifier))));
  const url = new URL(authorization_endpoint);
  const parameters = {
    response_type: "code", client_id: config.clientId, redirect_uri: attempt.redirectUri, scope: config.scopes, state: attempt.state,
    nonce: attempt.nonce, code_challenge: challenge, code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { ...attempt, url: url.href };
}

export function answers(attempt, response) {
  return new URLSearchParams(response).getAll("state").includes(attempt.state);
}

// The tokens that an authorization response stands for.
export async function finish(attempt, response) {
  const parameters = new URLSearchParams(response);
  for (const name of ["code", "state", "iss", "error"]) {
    if (parameters.getAll(name).length > 1) throw new Refused("The platform's answer is ambiguous."); // CB-02
  }
  const { authorization_response_iss_parameter_supported: named, issuer, token_endpoint } = await metadata();
  // CB-08, CB-09: as text.
  if (named ? parameters.get("iss") !== issuer : parameters.has("iss") && parameters.get("iss") !== issuer) {
    throw new Refused("The answer comes from another platform.");
  }
  if (parameters.has("error")) {
    const cancelled = parameters.get("error") === "access_denied";
    throw new Refused(cancelled ? "You did not give your consent. You can try again." : "The platform did not complete the sign-in. Try again later.");
  }
  if (!parameters.get("code")) throw new Refused("The platform's answer has no code.");
  const form = { grant_type: "authorization_code", code: parameters.get("code"), redirect_uri: attempt.redirectUri, code_verifier: attempt.verifier };
  const tokens = await usable(await post(token_endpoint, form, "once"));
  if (config.scopes.split(" ").includes("openid")) tokens.subject = await subjectOf(tokens.id_token, attempt.nonce);
  return tokens;
}

// TK-01: a public client names itself in the form and proves nothing.
function post(url, form, repeat) {
  return request(url, { method: "POST", body: new URLSearchParams({ ...form, client_id: config.clientId }) }, repeat);
}

async function usable(answer) {
  // TK-06: the type's case has no meaning, and there is one that we know.
  if (String(answer?.token_type).toLowerCase() !== "bearer" || typeof answer.access_token !== "string" || !answer.access_token) {
    throw new Refused("The platform gave no token that can be used.");
  }
  // TK-07: no scope in the answer says that all was granted.
  return { ...answer, scopes: (answer.scope ?? config.scopes).split(" ") };
}

// New tokens. RT-02: the new refresh token takes the old one's place; the old one stays where none is returned.
export async function refresh(tokens) {
  const { token_endpoint } = await metadata();
  const answer = await post(token_endpoint, { grant_type: "refresh_token", refresh_token: tokens.refresh_token }, "refresh");
  const renewed = await usable({ scope: tokens.scopes.join(" "), ...answer });
  // RT-06: an ID token that comes along has to be the same user's.
  if (renewed.id_token && (await subjectOf(renewed.id_token)) !== tokens.subject) throw new HttpError(400, { error: "invalid_grant" });
  const keepsFirst = config.defect === "keeps-first-refresh-token";
  return { ...renewed, subject: tokens.subject, refresh_token: (keepsFirst ? undefined : renewed.refresh_token) || tokens.refresh_token };
}

// LO-01, LO-02: asked again while the platform says that it could not.
export async function revoke(tokens) {
  const { revocation_endpoint } = await metadata();
  const token = tokens.refresh_token ?? tokens.access_token;
  const body = new URLSearchParams({ token, client_id: config.clientId });
  await request(revocation_endpoint, { method: "POST", body }, "refresh").catch(() => {});
}

let keys = { read: -Infinity, all: [] };

async function keysFor(kid) {
  const matching = () => keys.all.filter((key) => kid === undefined || key.kid === kid);
  if (matching().length === 0 && Date.now() - keys.read > KEYS_COOLDOWN_MS) {
    const { jwks_uri } = await metadata();
    keys = { read: Date.now(), all: (await request(jwks_uri)).keys ?? [] };
  }
  return matching();
}

const ALGORITHMS = {
  RS256: { kty: "RSA", key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, verify: "RSASSA-PKCS1-v1_5" },
  ES256: { kty: "EC", key: { name: "ECDSA", namedCurve: "P-256" }, verify: { name: "ECDSA", hash: "SHA-256" } },
};

// ID-04 to ID-07, ID-16: the algorithm is one of ours that was announced, the key is the platform's, whatever the header names.
async function signedClaims(token) {
  const parts = String(token).split(".");
  if (parts.length !== 3) throw new Error("no JWT");
  const [header, claims] = parts.slice(0, 2).map((part) => JSON.parse(new TextDecoder().decode(bytesOf(part))));
  const algorithm = Object.hasOwn(ALGORITHMS, header.alg) ? ALGORITHMS[header.alg] : undefined;
  const announced = (await metadata()).id_token_signing_alg_values_supported ?? ["RS256"];
  if (!algorithm || !announced.includes(header.alg) || header.crit !== undefined) throw new Error(`algorithm ${header.alg}`);
  const signed = new TextEncoder().encode(`${parts[0]}.${parts[1]}`);
  const usable = (await keysFor(header.kid)).filter((key) => key.kty === algorithm.kty && (key.use ?? "sig") === "sig");
  // Without a key id there is one key, or nobody knows which (OpenID Connect Core section 10.1).
  if (header.kid === undefined && usable.length !== 1) throw new Error("no key id");
  for (const { kty, n, e, crv, x, y } of usable) {
    const key = await crypto.subtle.importKey("jwk", { kty, n, e, crv, x, y }, algorithm.key, false, ["verify"]).catch(() => undefined);
    if (key && (await crypto.subtle.verify(algorithm.verify, key, bytesOf(parts[2]), signed))) return claims;
  }
  throw new Error("signature");
}

// The user of an ID token that keeps the rules of OpenID Connect Core section 3.1.3.7. A refresh has no nonce of its own.
async function subjectOf(token, nonce) {
  try {
    const { iss, aud, azp, exp, iat, nbf, sub, nonce: own } = await signedClaims(token);
    const now = Date.now() / 1000;
    const audiences = Array.isArray(aud) ? aud : [aud];
    const rules = {
      iss: iss === config.issuer,
      aud: audiences.length > 0 && audiences.every((audience) => audience === config.clientId),
      azp: azp === undefined || azp === config.clientId,
      exp: typeof exp === "number" && exp > now - LEEWAY_S,
      iat: typeof iat === "number" && iat < now + LEEWAY_S && iat > now - OLDEST_S,
      nbf: nbf === undefined || (typeof nbf === "number" && nbf < now + LEEWAY_S),
      nonce: nonce === undefined || own === nonce,
      sub: typeof sub === "string" && sub.length > 0 && sub.length <= 255,
    };
    const broken = Object.keys(rules).find((name) => !rules[name]);
    if (broken) throw new Error(broken);
    return sub;
  } catch (error) {
    if (error instanceof HttpError) throw error;
    console.warn("the ID token was refused:", error.message);
    throw new Refused("Your identity could not be confirmed. Try again.");
  }
}
