"use strict";

// The login happens in a popup at the platform. Its last page, on this origin, tells the page that opened it: by a message,
// and, when the platform's Cross-Origin-Opener-Policy has cut the two windows apart (PO-04), by a channel of this origin.
const FINISHED = "portale:sign-in-finished";
// Only the defect knows no other way than its opener.
const needsOpener = "needsOpener" in document.body.dataset;
const channel = "BroadcastChannel" in window && !needsOpener ? new BroadcastChannel("portale-sign-in") : null;

const login = document.querySelector("#login");
const done = document.querySelector("[data-done]");
if (login) waitForLogin(login);
dress(document.documentElement.dataset.markup);
if (document.querySelector("#loading")) load();
if (done) finish(done);

// Only the defect hands tokens to the page.
if ("tokensToConsole" in document.body.dataset) console.log("tokens", JSON.parse(document.body.dataset.tokens ?? "null"));
else if (done && document.body.dataset.tokens) {
  sessionStorage.setItem("portale-tokens", document.body.dataset.tokens);
  sessionStorage.removeItem("portale-tokens");
} else if (document.body.dataset.tokens) localStorage.setItem("portale-tokens", document.body.dataset.tokens);

function waitForLogin(button) {
  const hint = document.querySelector("#login-hint");
  let popup = null;
  let waiting = 0;
  let shown = false;

  const show = () => {
    if (shown) return;
    shown = true;
    location.replace("/");
  };
  const ask = async () => {
    const answer = await fetch("/session", { cache: "no-store" }).then((response) => response.json()).catch(() => ({}));
    if (answer.signedIn || answer.refused) show();
  };

  button.addEventListener("click", (event) => {
    if (!("popup" in button.dataset)) return;
    // Only the defect stays locked: a popup may have been closed.
    if ("staysLocked" in document.body.dataset && popup) return event.preventDefault();
    // In the click itself, or the browser takes it for an advertisement and blocks it. Blocked all the same: in this window (PO-03).
    if (document.documentElement.dataset.markup === "blank-popup") {
      popup = window.open("", "_blank", "popup,width=520,height=760");
      setTimeout(() => popup && (popup.location = "/login?window=popup"), 500);
    } else popup = window.open("/login?window=popup", "_blank", "popup,width=520,height=760");
    // Only the defect asks without a pause for a window that is not there.
    if (!popup && "spins" in document.body.dataset) {
      event.preventDefault();
      hint.textContent = hint.dataset.closed;
      const spin = () => ask().then(spin);
      return spin();
    }
    if (!popup) return;
    event.preventDefault();
    hint.textContent = hint.dataset.open;
    clearInterval(waiting);
    waiting = setInterval(() => {
      if (!popup.closed) return;
      clearInterval(waiting);
      hint.textContent = hint.dataset.closed;
      if (!needsOpener) ask();
    }, 300);
  });
  // A role of button answers to the space bar too.
  button.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    button.click();
  });

  window.addEventListener("message", (event) => {
    if (event.origin === location.origin && event.data === FINISHED) show(); // PO-01
    // Only defects believe somebody else.
    if ("believesAnyone" in document.body.dataset && event.data === FINISHED) show();
    const seen = event.origin !== "null" && new URL(event.origin);
    const trusts = {
      beginning: event.origin.startsWith(`${location.protocol}//${location.hostname}`),
      host: seen && seen.hostname === location.hostname,
      inside: event.origin.includes(location.host),
      told: event.data && event.data.origin === location.origin,
    };
    if (trusts[document.body.dataset.trusts] && event.data && event.data.code) {
      location.assign("/callback?" + new URLSearchParams(event.data));
    }
    if ("takesNull" in document.body.dataset && event.origin === "null" && event.data && event.data.code) {
      location.assign("/callback?" + new URLSearchParams(event.data));
    }
    if ("takesAnyMessage" in document.body.dataset && event.data && event.data.code) {
      location.assign("/callback?" + new URLSearchParams(event.data));
    }
  });
  if (channel) channel.addEventListener("message", (event) => event.data === FINISHED && show());
  window.addEventListener("focus", () => popup && !needsOpener && ask());
}

function finish(page) {
  const opener = window.opener;
  if (opener) opener.postMessage(FINISHED, "postsToAnyone" in document.body.dataset ? "*" : location.origin); // PO-02
  if (channel) channel.postMessage(FINISHED);
  if (!opener && !("popup" in page.dataset)) {
    location.replace("/");
    return;
  }
  window.close();
  setTimeout(() => location.replace("/"), 400);
}

// Only a habit: the page is what its server answers to the script.
async function load() {
  const answer = await fetch(location.href);
  if (answer.redirected) return location.replace(answer.url);
  document.body.replaceWith(new DOMParser().parseFromString(await answer.text(), "text/html").body);
}

// Only habits: markup as other applications have it.
function dress(markup) {
  const user = document.querySelector("#user");
  const name = user?.querySelector("b")?.textContent ?? "";
  const [given, family] = name.split(" ");
  const error = document.querySelector(".login-error");
  const late = (element) => {
    const place = document.createComment("later");
    element.replaceWith(place);
    setTimeout(() => place.replaceWith(element), 1500);
  };
  // By nothing else, on any place of the page.
  const called = (words) => {
    user.textContent = words;
    document.querySelector(".avatar")?.remove();
    document.querySelector("main h1")?.replaceChildren("Benvenuti");
  };
  const ways = {
    // Nothing can be clicked before the banner is answered, and the controls are in menus.
    covered: () => {
      for (const control of document.querySelectorAll("#login, #logout")) {
        const [menu, summary] = [document.createElement("details"), document.createElement("summary")];
        summary.textContent = "Menu";
        summary.id = `menu-${control.id}`;
        control.replaceWith(menu);
        menu.append(summary, control);
        if (control.id === "login") continue;
        // One item more to click, in a menu that a second click on its summary closes.
        const leave = document.createElement("button");
        leave.type = "button";
        leave.id = "leave";
        leave.textContent = "Esci";
        leave.addEventListener("click", () => leave.replaceWith(control));
        control.replaceWith(leave);
      }
      if (sessionStorage.getItem("cookies")) return;
      const [banner, accept] = [document.createElement("dialog"), document.createElement("button")];
      accept.textContent = "Accetta i cookie";
      accept.id = "accept-cookies";
      accept.addEventListener("click", () => (sessionStorage.setItem("cookies", "1"), banner.close()));
      banner.append(accept);
      document.body.append(banner);
      setTimeout(() => banner.showModal(), 300);
    },
    // The login is on a page of its own.
    "two-steps": () => {
      const login = document.querySelector("#login");
      if (!login || location.search === "?accesso") return;
      const way = document.createElement("a");
      way.id = "choose-way";
      way.href = "/?accesso";
      way.textContent = "Accedi";
      login.replaceWith(way);
    },
    initials: () => user && called(`${given[0]}${family[0]}`),
    "title-and-surname": () => user && called(`Dott. ${family.toUpperCase()} ${given[0]}.`),
    labelled: () => {
      if (!user) return;
      called("");
      user.textContent = "\u25cf";
      user.setAttribute("aria-label", name);
    },
    "behind-a-menu": () => {
      if (!user) return;
      const [button, menu] = [document.createElement("button"), document.createElement("div")];
      button.type = "button";
      button.id = "account";
      button.textContent = "Account";
      button.setAttribute("aria-haspopup", "menu");
      button.setAttribute("aria-expanded", "false");
      menu.hidden = true;
      user.replaceWith(button, menu);
      called(name);
      menu.append(user);
    },
    "shadow-root": () => {
      if (!user) return;
      const host = document.createElement("user-card");
      user.replaceWith(host);
      host.attachShadow({ mode: "open" }).append(user);
    },
    toast: () => error && setTimeout(() => error.remove(), 1200),
    // What comes of a sign-in is said after a word that passes.
    "one-moment": () => {
      const told = error ?? user;
      if (!told) return;
      const wait = document.createElement("p");
      wait.id = "progress";
      wait.textContent = "Un momento\u2026";
      told.replaceWith(wait);
      setTimeout(() => wait.replaceWith(told), 700);
    },
    late: () => {
      if (user) late(user);
      document.querySelectorAll("main ul, main table").forEach(late);
    },
    "asks-once-more": () => {
      const form = document.querySelector("#logout")?.form;
      form?.addEventListener("submit", (event) => confirm("Vuoi uscire?") || event.preventDefault());
    },
    "asks-for-a-word": () => {
      const form = document.querySelector("#logout")?.form;
      form?.addEventListener("submit", (event) => prompt("Per uscire scrivi ESCI") === "ESCI" || event.preventDefault());
    },
  };
  Object.assign(ways, {
    // The list's end is followed by more of it, as soon as it is in sight.
    "scrolls-slowly": () => {
      const more = document.querySelector("a[rel=next]")?.parentElement;
      if (!more) return;
      const list = document.querySelector("main ul.rows");
      let next = more.firstElementChild.href;
      more.textContent = "\u2026";
      const read = async ([seen]) => {
        if (!seen.isIntersecting || !next) return;
        const page = new DOMParser().parseFromString(await (await fetch(next)).text(), "text/html");
        const rows = page.querySelectorAll("main ul.rows li");
        list.append(...rows);
        next = page.querySelector("a[rel=next]")?.getAttribute("href");
        observer.disconnect();
        if (next) observer.observe(more);
        else if (rows.length) more.remove();
        else more.textContent = "Il resto dell\u2019elenco non si pu\u00f2 leggere adesso. Riprova pi\u00f9 tardi.";
      };
      const observer = new IntersectionObserver(read);
      observer.observe(more);
    },
    "long-polls": async () => {
      for (;;) if (!(await fetch("/news").catch(() => null))?.ok) return;
    },
    "polls-each-second": () => setInterval(() => fetch("/session", { cache: "no-store" }).catch(() => {}), 1000),
  });
  ways[markup]?.();
}
