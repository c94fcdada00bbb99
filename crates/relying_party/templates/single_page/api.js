// Calls to the API with the signed-in user's token.
import { config } from "./config.js";
import { HttpError, request } from "./http.js";
import { refresh } from "./oauth.js";

const LIMIT = 50;

// Who is signed in, and with what: in memory alone, so that a load of the page forgets it (browser-based applications, section 8.4).
export const session = { tokens: undefined };

export class SignedOut extends Error {}

export function keep(tokens) {
  session.tokens = tokens;
  if (config.defect === "keeps-tokens-in-local-storage") localStorage.setItem("tokens", JSON.stringify(tokens));
  if (config.defect === "says-tokens-to-the-console") console.log("tokens", JSON.stringify(tokens));
  if (config.defect === "puts-token-into-the-address") history.replaceState(null, "", `#token=${tokens.access_token}`);
}

let renewing;

// RT-04: whoever comes meanwhile waits for the refresh that is under way.
function renew() {
  const tokens = session.tokens;
  return (renewing ??= refresh(tokens)
    .then((renewed) => session.tokens === tokens && keep(renewed))
    .finally(() => (renewing = undefined)));
}

export async function call(url) {
  const { tokens } = session;
  if (!tokens) throw new SignedOut();
  const send = () => request(url, { headers: { authorization: `Bearer ${session.tokens.access_token}` } });
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof HttpError) || error.status !== 401) throw error;
    // RS-03: one refresh, one repeat.
    if (!tokens.refresh_token) throw new SignedOut();
    try {
      if (session.tokens === tokens) await renew();
    } catch (refused) {
      if (refused instanceof HttpError && refused.body.error === "invalid_grant") throw new SignedOut();
      throw refused;
    }
    if (!session.tokens) throw new SignedOut();
    return await send().catch((again) => {
      throw again.status === 401 ? new SignedOut() : again;
    });
  }
}

// GX-08: to the end, however many entries a page has.
export async function list(path) {
  const items = [];
  for (let more = true; more; ) {
    const url = new URL(path, config.api);
    url.searchParams.set("offset", items.length);
    url.searchParams.set("limit", LIMIT);
    const page = await call(url.href);
    items.push(...page.items);
    more = page.hasMore === true && page.items.length > 0;
    // Only the defect goes wherever the answer sends it.
    if (config.defect === "follows-any-next" && page.next) await call(page.next).catch(() => {});
  }
  return items;
}
