// What a person sees. Texts from outside become text, never markup (CB-13).
import { SignedOut, call, keep, list, session } from "./api.js";
import { config } from "./config.js";
import { HttpError } from "./http.js";
import { Refused, answers, begin, finish, revoke } from "./oauth.js";

const FEATURES = [
  { path: "/patients", id: "patients", title: "Patients", scope: "giponext.patients", resource: "patients", text: (it) => `${it.lastName} ${it.firstName}` },
  { path: "/agenda", id: "agenda", title: "Agenda", scope: "giponext.agenda", resource: "appointments", text: (it) => `${it.start} ${it.status}` },
];

const root = document.querySelector("#app");
let me;
let attempt;

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(name, value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const show = (...children) => root.replaceChildren(...children);

function showLogin(problem) {
  me = undefined;
  const said = problem ? [element("p", { class: "login-error", role: "alert" }, problem)] : [];
  const hint = element("p", { id: "hint", role: "status" }, "Type your password on GipoNext's page only.");
  show(element("h1", {}, "Portale Referti"), ...said, element("button", { id: "login", click: signIn }, "Sign in with GipoNext"), hint);
}

function signIn() {
  // In the click itself, or the browser blocks it.
  const popup = window.open("about:blank", "_blank", "popup,width=520,height=760");
  if (!popup) return showLogin("The browser blocked the sign-in window: allow it for this page, and try again.");
  showLogin();
  const hint = document.querySelector("#hint");
  hint.textContent = "Complete the sign-in in the GipoNext window.";
  begin().then(
    (begun) => {
      attempt = begun;
      popup.location.replace(begun.url);
      const watch = setInterval(() => {
        if (attempt !== begun) return clearInterval(watch);
        if (!popup.closed) return;
        clearInterval(watch);
        // A window that the platform has cut off looks closed, too (PO-04): its answer is still taken.
        hint.textContent = "If you closed the GipoNext window, you can sign in again.";
      }, 300);
    },
    (error) => {
      popup.close();
      showLogin(told(error));
    },
  );
}

const channel = new BroadcastChannel("sign-in");
channel.addEventListener("message", ({ data }) => {
  if (!attempt) return;
  if (data.unclaimed) return showLogin("The answer that came does not belong to this sign-in. Try again.");
  // CB-01, PO-05: another tab's, or nobody's.
  if (typeof data.response !== "string" || !answers(attempt, data.response)) return;
  channel.postMessage({ taken: true });
  signedInWith(data.response);
});
// Only the defect listens to every window.
if (config.defect === "takes-any-message") {
  window.addEventListener("message", ({ data }) => data?.code && attempt && signedInWith(`?${new URLSearchParams({ ...data, iss: config.issuer, state: attempt.state })}`));
}

async function signedInWith(response) {
  const own = attempt;
  attempt = undefined;
  try {
    const tokens = await finish(own, response);
    keep(tokens);
    // GX-01, ID-13: whose token it is, and of which medical centre.
    const found = await call(new URL("/v2/userinfo", config.api).href);
    if (tokens.subject !== undefined && found.sub !== tokens.subject) throw new Refused("Your identity could not be confirmed. Try again.");
    const tenant = found.tenants?.find(({ id }) => config.tenants.includes(String(id)));
    // GX-02.
    if (!tenant) throw new Refused("Your medical centre has not authorised this application.");
    me = { name: found.name, tenant };
    await render();
  } catch (error) {
    const { tokens } = session;
    session.tokens = undefined;
    showLogin(told(error));
    if (tokens) await revoke(tokens);
  }
}

function told(error) {
  console.warn("sign-in:", error.status ?? error.name);
  return error instanceof Refused ? error.message : "The sign-in did not succeed: GipoNext did not answer as it should. Try again later.";
}

const problems = {
  403: (body) => (body.error === "insufficient_scope" ? "You did not grant this permission." : "Your user may not read this."),
  404: () => "There is no such entry.",
};

async function render() {
  if (!me) return showLogin();
  const links = FEATURES.filter(({ scope }) => config.scopes.split(" ").includes(scope)).map(({ path, title, scope }) =>
    session.tokens.scopes.includes(scope) ? element("a", { href: path, click: follow }, title) : element("span", {}, `${title} (not granted)`),
  );
  const place = element("section");
  show(
    element("p", {}, element("span", { id: "user" }, `${me.name}`), " ", element("button", { id: "logout", click: signOut }, "Sign out")),
    element("nav", {}, element("a", { href: "/", click: follow }, "Start"), ...links.flatMap((link) => [" ", link])),
    place,
  );
  const feature = FEATURES.find(({ path }) => path === location.pathname);
  if (!feature) return;
  if (!session.tokens.scopes.includes(feature.scope)) return place.append("You did not grant this permission.");
  try {
    const items = await list(`/v2/tenants/${encodeURIComponent(me.tenant.id)}/${feature.resource}`);
    place.append(element("h1", {}, feature.title), element("ul", { id: feature.id }, ...items.map((item) => element("li", {}, feature.text(item)))));
    if (items.length === 0) place.append("There is nothing here.");
  } catch (error) {
    // GX-19, RT-03: nothing is left of a session that is over.
    if (error instanceof SignedOut) {
      session.tokens = undefined;
      return showLogin("Your session is over. Sign in again.");
    }
    const problem = error instanceof HttpError ? problems[error.status]?.(error.body) : undefined;
    place.append(element("p", { class: "problem", role: "alert" }, problem ?? "GipoNext does not answer now. Try again later."));
  }
}

function follow(event) {
  event.preventDefault();
  if (event.currentTarget.pathname !== location.pathname) history.pushState(null, "", event.currentTarget.pathname);
  render();
}

async function signOut() {
  const { tokens } = session;
  session.tokens = undefined;
  history.replaceState(null, "", "/");
  showLogin();
  if (tokens) await revoke(tokens);
}

window.addEventListener("popstate", render);
showLogin();
