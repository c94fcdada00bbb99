// The redirect URI: hands the authorization response to the page that began the sign-in, and closes.
import { config } from "./config.js";

const response = location.search;
// CB-15: the code leaves the address, and so the history.
if (config.defect !== "leaves-code-in-address") history.replaceState(null, "", location.pathname);

// A channel of this origin: it reaches the page although the platform may have cut this window off from its opener (PO-04), and
// no other origin hears it or speaks on it (PO-01, PO-02).
const channel = new BroadcastChannel("sign-in");
const taken = new Promise((resolve) => channel.addEventListener("message", ({ data }) => data.taken && resolve(true)));
const nobody = new Promise((resolve) => setTimeout(resolve, 1000, false));
channel.postMessage({ response });
if (!(await Promise.race([taken, nobody]))) channel.postMessage({ unclaimed: true });
if (config.defect !== "leaves-code-in-address") window.close();
document.querySelector("#done").hidden = false;
