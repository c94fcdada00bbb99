"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  for (const part of all(".filters, .tools")) part.hidden = false;

  const filters = all("[data-filter]");
  const rows = all("tr[data-state]");
  const filter = () => {
    const wanted = Object.fromEntries(filters.map((field) => [field.dataset.filter, field.value.trim()]));
    const words = wanted.text.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      const fits = (!wanted.state || row.dataset.state === wanted.state)
        && (!wanted.level || row.dataset.level === wanted.level)
        && words.every((word) => text.includes(word));
      row.hidden = !fits;
      if (fits) shown += 1;
    }
    for (const head of all("tr.actor")) {
      head.hidden = !all("tr[data-state]", head.parentElement).some((row) => !row.hidden);
    }
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
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
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
