// Where a person would click, once the element can be clicked.
css => {
  const el = shown(css);
  if (!el || !enabled(el)) return null;
  // A style sheet that is still on its way may move it from under the mouse.
  const styling = Array.from(document.querySelectorAll("link[rel~=stylesheet]")).some(link => !link.sheet && !link.disabled);
  if (styling && document.readyState !== "complete") return null;
  let box = el.getClientRects()[0];
  const outside = box.top < 0 || box.left < 0 || box.bottom > innerHeight || box.right > innerWidth;
  if (outside) {
    el.scrollIntoView({ block: "center", inline: "center", behavior: "instant" });
    box = el.getClientRects()[0];
  }
  const x = box.left + box.width / 2, y = box.top + box.height / 2;
  let hit = document.elementFromPoint(x, y);
  while (hit?.shadowRoot && hit !== el) {
    const inner = hit.shadowRoot.elementFromPoint(x, y);
    if (!inner || inner === hit) break;
    hit = inner;
  }
  const label = hit?.closest("label");
  return hit && (el.contains(hit) || hit.contains(el) && hit.getRootNode() !== el.getRootNode() || label?.control === el) ? { x, y } : null;
}
