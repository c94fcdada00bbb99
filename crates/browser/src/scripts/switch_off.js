// Switches off what stands for one choice; answers with null until it is there, and with its state where it is no switch.
css => {
  const el = shown(css) ?? find(css);
  if (!el || !enabled(el)) return null;
  const is = () => el.type === "checkbox" || el.type === "radio" ? el.checked : { true: true, false: false }[el.ariaChecked ?? el.ariaPressed];
  if (is() === undefined) return "no switch";
  if (is()) el.click();
  return is() ? "still on" : "off";
}
