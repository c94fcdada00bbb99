// What a picture of the page would show: each piece with its words, in every reading, and the boxes that it takes, from the page's corner.
selectors => {
  const LONGEST = 400;
  const pieces = [];
  const boxes = rects => Array.from(rects, ({ left, top, width, height }) => [left + scrollX, top + scrollY, width, height])
    .filter(([, , width, height]) => width > 0 && height > 0);
  const add = (texts, rects, whole) => {
    const found = boxes(rects);
    if (found.length) pieces.push({ texts, boxes: found, whole });
  };
  const within = el => el.querySelectorAll ? [el, ...el.querySelectorAll("*")] : [el];
  // What overflows an element is a part of it too.
  for (const css of selectors) for (const el of every(css)) for (const part of within(el)) add([], part.getClientRects(), true);
  // What is drawn, and what another origin shows, cannot be read.
  for (const el of every("canvas, video, iframe, frame, embed, object")) add([], el.getClientRects(), true);
  for (const el of every("input, textarea, select")) {
    const chosen = Array.from(el.selectedOptions ?? [], option => option.text).join(" ");
    add([el.value ?? "", chosen, el.placeholder ?? ""], el.getClientRects(), false);
  }
  for (const el of every("img, svg, [style*=content]")) add([el.alt ?? "", el.textContent ?? ""], el.getClientRects(), false);
  for (const root of roots()) {
    const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node; node = texts.nextNode()) {
      if (!node.data.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      // A name may be in two elements, side by side.
      const parents = [node.parentElement, node.parentElement?.parentElement].filter(el => el && !el.matches("html, body, main"));
      const around = parents.map(el => (el.innerText ?? "").replace(/\s+/g, " "));
      add([node.data, ...around.filter(text => text.length <= LONGEST)], range.getClientRects(), false);
    }
  }
  return pieces;
}
