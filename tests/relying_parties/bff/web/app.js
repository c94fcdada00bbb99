// Draws the page; it knows who is signed in and what is shown, and never a token.
const main = document.querySelector("main");
const toast = document.querySelector("#toast");
const channel = new BroadcastChannel("sportello");

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
};

/** A message that goes away by itself, as toasts do. */
function say(text) {
  toast.textContent = text;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => toast.replaceChildren(), 8000);
}

async function ask(path, method = "GET") {
  const answer = await fetch(`/api${path}`, { method, headers: { "x-sportello": "1" } });
  const body = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(body.message ?? "Non riuscito."), { status: answer.status });
  return body;
}

function signIn() {
  const popup = window.open("/login", "_blank", "popup,width=520,height=760");
  if (!popup) location.assign("/login");
}

async function signOut() {
  await ask("/session", "DELETE").catch((error) => say(error.message));
  history.replaceState(null, "", "/");
  draw(undefined);
}

function draw(user) {
  if (!user) {
    return main.replaceChildren(element("h1", {}, "Sportello"), element("button", { id: "login", click: signIn }, "Entra con GipoNext"));
  }
  main.replaceChildren(
    element("p", {}, "Utente: ", element("b", { id: "user" }, user.name)),
    element("nav", {}, element("a", { href: "/patients" }, "Pazienti")),
    element("button", { id: "logout", click: signOut }, "Esci"),
  );
  if (location.pathname === "/patients") patients();
}

async function patients() {
  const waiting = element("p", {}, "Caricamento…");
  main.append(waiting);
  try {
    const found = await ask("/patients");
    main.append(found.length ? element("ul", { id: "patients" }, ...found.map((name) => element("li", {}, name))) : element("p", {}, "Nessun paziente."));
  } catch (error) {
    if (error.status === 401) draw(undefined);
    main.append(element("p", { class: "problem", role: "alert" }, error.message));
    if (error.status === 403) main.append(element("button", { click: signIn }, "Accedi di nuovo"));
  }
  waiting.remove();
}

async function start() {
  try {
    const { user, notice } = await ask("/session");
    draw(user);
    if (notice) say(notice);
  } catch (error) {
    draw(undefined);
    say(error.message);
  }
}

channel.onmessage = start;
start();
