// What a person clicks to see more of a list: what the profile names, or the first usable control that says so. It is marked, and
// answered with how it was known; `false` where there is none.
(mark, shows, written) => {
  const WORDS = [
    /^(go to )?(the )?next( page)?$/,
    /^(load|show|see|view|get) (\d+ )?(the next\b.*|next\b.*|more\b.*)$/,
    /^more( results| entries)?$/,
    /^(vai alla )?(pagina )?(avanti|successiv[aoie]|seguent[ei]|prossim[aoie])( pagina)?$/,
    /^(carica|mostra|vedi|visualizza) (\d+ )?(altr[ieoa]\b.*|di più|ancora.*|i prossimi\b.*|i successivi\b.*|successivi\b.*)$/,
    /^altri( risultati| elementi| pazienti)?$/,
  ];
  const ARROWS = /^[›→>▶⟩]$|^(»|>>)$/;
  const usable = el => visible(el) && enabled(el) && !el.closest("[class~=disabled], [inert]") && getComputedStyle(el).pointerEvents !== "none";
  const names = el => labels(el).map(name => name.toLowerCase());
  const bare = name => name.replace(/^[\s«‹←<]+|[\s›»→>…⟩.]+$/gu, "").trim();
  const all = every(CONTROLS).filter(el => !el.closest(shows));
  // The number after that of the page that is shown.
  const numbered = () => {
    const here = every("[aria-current], [class~=active], [class~=current], [class~=selected]").find(el => /^\d+$/.test(words(el)));
    const next = here && String(Number(words(here)) + 1);
    const around = here?.closest("nav, ul, ol, [role=navigation], [class*=pag i]") ?? here?.parentElement;
    return next && around && all.find(el => around.contains(el) && words(el) === next && usable(el));
  };
  const ways = written
    ? [[written, () => every(written).find(usable)]]
    : [
        ["rel=next", () => all.find(el => /(^|\s)next(\s|$)/i.test(el.getAttribute("rel") ?? "") && usable(el))],
        ["its words", () => all.find(el => names(el).some(name => WORDS.some(word => word.test(bare(name)))) && usable(el))],
        ["an arrow", () => all.find(el => names(el).some(name => ARROWS.test(name)) && usable(el))],
        ["the next number", numbered],
      ];
  every(`[${mark}]`).forEach(el => el.removeAttribute(mark));
  for (const [how, find] of ways) {
    const el = find();
    if (!el) continue;
    el.setAttribute(mark, "");
    el.scrollIntoView({ block: "center" });
    return [how, words(el) || el.getAttribute("aria-label") || el.value || ""];
  }
  return "nothing";
}
