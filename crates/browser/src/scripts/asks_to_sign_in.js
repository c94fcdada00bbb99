// What on the page lets a person sign in, or connect their account again: the profile's trigger, or a control whose words say so. Its
// words; `false` where there is none.
trigger => {
  const WORDS = /\b((sign|log|signing|logging)[ -]?in|login|re-?connect|connect\b.*\bagain|connect (to|with)|re-?authori[sz]e|authenticate|accedi|accesso|entra|rientra|ricollega\w*|collega\w* (di nuovo|a|con)|riconnett\w*|connett\w* (di nuovo|a|con)|autentica\w*|riautentica\w*|autorizza\w* di nuovo)\b/;
  const usual = trigger && shown(trigger);
  if (usual) return [labels(usual)[0] ?? "the login"];
  for (const el of every(CONTROLS)) {
    const name = visible(el) && enabled(el) && labels(el).find(name => WORDS.test(name.toLowerCase()));
    if (name) return [name];
  }
  return "nothing";
}
