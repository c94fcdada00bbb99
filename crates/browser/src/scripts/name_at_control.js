(css, parameters, marked) => {
  const all = [...document.querySelectorAll(css)];
  const control = all.find(found => found.getClientRects().length) ?? all[0];
  const to = control?.form ?? control?.closest("a[href]");
  if (!to) return false;
  control.setAttribute(marked, "");
  const isForm = to.tagName === "FORM";
  const key = isForm ? (control.hasAttribute("formaction") ? "formaction" : "action") : "href";
  const holder = key === "formaction" ? control : to;
  const address = new URL(holder.getAttribute(key) || location.href, location.href);
  // Under whatever name the application itself sends an address.
  const target = parameters[0][1], isAddress = value => /^(\/|http)/.test(value);
  for (const [name, value] of [...address.searchParams]) if (isAddress(value)) address.searchParams.set(name, target);
  if (isForm) for (const field of to.querySelectorAll("input[type=hidden]")) if (isAddress(field.value) && !/csrf|xsrf|token/i.test(field.name)) field.value = target;
  for (const [name, value] of parameters) {
    address.searchParams.set(name, value);
    if (!isForm) continue;
    for (const field of to.querySelectorAll("input")) if (field.name === name && field !== control) field.remove();
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    to.append(field);
  }
  holder.setAttribute(key, address);
  return true;
}
