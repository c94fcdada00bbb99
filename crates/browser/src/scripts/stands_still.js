// Resolves when the document has not changed for `quiet` ms, or after `most` ms whatever it does.
(quiet, most) => new Promise(resolve => {
  let still;
  const observer = new MutationObserver(() => { clearTimeout(still); still = setTimeout(done, quiet); });
  const done = () => { observer.disconnect(); clearTimeout(still); clearTimeout(end); resolve(true); };
  const end = setTimeout(done, most);
  still = setTimeout(done, quiet);
  observer.observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
})
