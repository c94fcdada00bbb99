// The elements that have words, and are visible or in a closed menu, each with the selectors that find it alone, from the most
// telling to the most fragile.
// Waits (answers null) at an address that begins with `away`, and until an element says something that is not among the `known`
// words and, if there are names, one of the `names`. Without `known` words the page is taken as it is.
(away, known, names) => {
  if (document.readyState !== "complete" || !document.body || (away && location.href.startsWith(away))) return null;
  const MOST = 2000, LONGEST = 400, LONGEST_VALUE = 60;
  const TELLING = ["data-testid", "data-test-id", "data-test", "data-cy", "data-qa", "name", "aria-label", "aria-labelledby", "role"];
  const flat = text => text.replace(/\s+/g, " ").trim();
  const all = roots();
  const alone = css => all.reduce((count, root) => count + root.querySelectorAll(css).length, 0) === 1;
  const below = (el, root) => {
    const steps = [];
    for (; el && el !== root; el = el.parentElement) {
      const like = Array.from(el.parentElement?.children ?? [el]).filter(one => one.localName === el.localName);
      steps.unshift(`${CSS.escape(el.localName)}:nth-of-type(${like.indexOf(el) + 1})`);
    }
    return steps.join(" > ");
  };
  const selectors = el => {
    const found = el.id ? [`#${CSS.escape(el.id)}`] : [];
    for (const name of TELLING) {
      const value = el.getAttribute(name);
      if (value && value.length <= LONGEST_VALUE && !/[\n\r\f]/.test(value)) found.push(`[${name}='${value.replace(/['\\]/g, "\\$&")}']`);
    }
    const tag = CSS.escape(el.localName);
    for (const name of el.classList) found.push(`.${CSS.escape(name)}`, `${tag}.${CSS.escape(name)}`);
    const holder = el.parentElement?.closest("[id]:not([id=''])");
    if (holder) found.push(`#${CSS.escape(holder.id)} > ${below(el, holder)}`);
    if (el !== document.body && el.getRootNode() === document) found.push(`body > ${below(el, document.body)}`);
    return found.filter(alone);
  };
  const said = [];
  for (const el of all.flatMap(root => Array.from((root.body ?? root).querySelectorAll("*")))) {
    if (said.length === MOST) break;
    const text = flat(named(el));
    if (text && text.length <= LONGEST && (visible(el) || inClosedMenu(el))) said.push([el, text]);
  }
  const wanted = names.map(name => flat(name).toLowerCase());
  const old = new Set(known ?? []);
  const news = ([, text]) => !old.has(text) && (!wanted.length || wanted.some(name => text.toLowerCase().includes(name)));
  return known && !said.some(news) ? null : said.map(([el, text]) => ({ selectors: selectors(el), text }));
}
