"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const root = document.documentElement;
  for (const part of all(".filters, .tools, .switches")) part.hidden = false;

  // What a browser with scripts took for text is laid out when somebody looks at it: a thousand scenarios open at once.
  const unfold = (scenario) => {
    for (const kept of all("noscript", scenario)) {
      const part = document.createElement("div");
      part.innerHTML = kept.textContent;
      kept.replaceWith(part);
    }
  };
  document.addEventListener("toggle", (event) => event.target.open && unfold(event.target), true);
  const near = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      unfold(target);
    }
  }, { rootMargin: "1000px" });
  for (const scenario of all("details.scenario[open]")) near.observe(scenario);

  // On paper stands every finding, with its traffic, whatever the reader left closed.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details.scenario:not([open])").filter((scenario) => scenario.querySelector(".finding"));
    for (const scenario of opened) scenario.open = true;
    all("details.scenario[open]").forEach(unfold);
  });
  addEventListener("afterprint", () => {
    for (const scenario of opened) scenario.open = false;
    opened = [];
  });

  // The address keeps the reader's choices: #r-CB-01&lang=it&look=dark
  const written = root.lang;
  const parts = () => {
    const pieces = location.hash.slice(1).split("&").filter(Boolean);
    const choices = Object.fromEntries(pieces.filter((piece) => piece.includes("=")).map((piece) => piece.split("=", 2)));
    return { place: pieces.find((piece) => !piece.includes("=")) ?? "", choices };
  };
  let choices = parts().choices;
  const keep = () => {
    const kept = Object.entries(choices).filter(([, value]) => value).map(([name, value]) => `${name}=${value}`);
    const hash = [parts().place, ...kept].filter(Boolean).join("&");
    if (hash !== location.hash.slice(1)) history.replaceState(null, "", `#${hash}`);
  };
  const speak = () => {
    const lang = ["it", "en"].includes(choices.lang) ? choices.lang : written;
    root.lang = lang;
    for (const element of all("[data-en]")) {
      const text = element.dataset[lang];
      if (element.dataset.of) element.setAttribute(element.dataset.of, text);
      else element.textContent = text;
    }
    for (const button of all("[data-language]")) button.setAttribute("aria-pressed", String(button.dataset.language === lang));
  };
  const dress = () => {
    if (["light", "dark"].includes(choices.look)) root.dataset.theme = choices.look;
    else delete root.dataset.theme;
  };
  for (const button of all("[data-language]")) {
    button.addEventListener("click", () => {
      choices.lang = button.dataset.language === written ? "" : button.dataset.language;
      keep();
      speak();
    });
  }
  for (const button of all("[data-look]")) {
    button.addEventListener("click", () => {
      const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
      choices.look = dark ? "light" : "dark";
      keep();
      dress();
    });
  }
  speak();
  dress();

  const filters = all("[data-filter]");
  const rows = all("tr[data-state]").map((row) => ({ row, text: row.textContent.toLowerCase() }));
  const heads = all("tr.actor").map((head) => ({ head, below: all("tr[data-state]", head.parentElement) }));
  const filter = () => {
    const wanted = Object.fromEntries(filters.map((field) => [field.dataset.filter, field.value.trim()]));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { row, text } of rows) {
      const fits = (!wanted.state || row.dataset.state === wanted.state)
        && (!wanted.level || row.dataset.level === wanted.level)
        && words.every((word) => text.includes(word));
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    for (const { head, below } of heads) head.hidden = below.every((row) => row.hidden);
    for (const output of all("[data-shown]")) output.textContent = `${shown} / ${rows.length}`;
  };
  for (const field of filters) field.addEventListener("input", filter);
  filter();

  for (const button of all("[data-open]")) {
    button.addEventListener("click", () => {
      for (const scenario of all("details.scenario")) scenario.open = button.dataset.open === "all";
    });
  }

  const reveal = () => {
    const told = parts();
    choices = { ...choices, ...told.choices };
    keep();
    speak();
    dress();
    const place = decodeURIComponent(told.place);
    const scenario = place && document.getElementById(place.split("-x")[0]);
    if (scenario && scenario.tagName === "DETAILS") unfold(scenario);
    const target = place && document.getElementById(place);
    if (!target) return;
    if (target.hidden) {
      for (const field of filters) field.value = "";
      filter();
    }
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
