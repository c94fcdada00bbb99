// Time limits and repeats of every request.

const TRIES = 4;
const LONGEST_WAIT_MS = 30_000;
const TIMEOUT_MS = 8_000;

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

export class HttpError extends Error {
  constructor(status, body) {
    super(`status ${status}`);
    this.status = status;
    this.body = body;
  }
}

// Milliseconds that the answer asks to wait (RFC 9110 section 10.2.3): seconds, or a date.
function askedWait(answer) {
  const value = answer.headers.get("retry-after");
  if (!value) return undefined;
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(wait, 0);
}

// The JSON of an answer. What is repeated: `read` after every failure that may pass, `refresh` after a status that says so, `once`
// only where the platform has done nothing yet: a code is sent once (CB-05).
export async function request(url, options = {}, repeat = "read") {
  for (let tried = 1; ; tried++) {
    let failure;
    let wait = 250 * 2 ** tried;
    try {
      // No other host is shown a token or a code (RS-02), and no cookie goes along.
      const answer = await fetch(url, {
        ...options, redirect: "error", credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store", signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.ok && answer.status !== 204) return await answer.json();
      const body = await answer.json().catch(() => ({}));
      failure = new HttpError(answer.status, body ?? {});
      const passes = answer.status === 429 || (answer.status >= 500 && repeat !== "once");
      wait = askedWait(answer) ?? wait;
      if (!passes || wait > LONGEST_WAIT_MS) throw failure;
    } catch (error) {
      if (error === failure || error.name === "TimeoutError" || repeat !== "read") throw error;
      failure ??= error;
    }
    if (tried >= TRIES) throw failure;
    await sleep(wait + Math.random() * 200);
  }
}
