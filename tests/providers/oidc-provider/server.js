// A certified OpenID provider that nobody here wrote, with what GipoNext's contract asks for where a setting exists: PKCE by S256,
// rotating refresh tokens, POST at the authorization endpoint, the giponext scopes. The rest is its default.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { Provider } from "oidc-provider";

const { PORT, REDIRECT_URI, CLIENT_SECRET, OTHER_SECRET, TLS_CERTIFICATE, TLS_KEY } = process.env;
const issuer = `https://127.0.0.1:${PORT}`;

const client = (client_id, client_secret, redirect_uri) => ({
  client_id,
  client_secret,
  redirect_uris: [redirect_uri],
  grant_types: ["authorization_code", "refresh_token"],
  response_types: ["code"],
  token_endpoint_auth_method: "client_secret_basic",
});

const provider = new Provider(issuer, {
  clients: [
    client("collaudo", CLIENT_SECRET, REDIRECT_URI),
    client("collaudo-other", OTHER_SECRET, new URL("/other", REDIRECT_URI).href),
  ],
  responseTypes: ["code"],
  scopes: ["openid", "offline_access", "profile", "email"],
  claims: { openid: ["sub"], profile: ["name"], email: ["email"] },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, name: id.split("@")[0], email: id }),
  }),
  // What POST at the authorization endpoint asks for, and browsers take over TLS alone.
  cookies: { keys: [CLIENT_SECRET], long: { sameSite: "none" } },
  enableHttpPostMethods: true,
  rotateRefreshToken: true,
  features: {
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
  },
});

const tls = { cert: readFileSync(TLS_CERTIFICATE), key: readFileSync(TLS_KEY) };
createServer(tls, provider.callback()).listen(Number(PORT), "127.0.0.1", () => console.log(`ready at ${issuer}`));
