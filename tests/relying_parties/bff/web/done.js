// What the popup ends with: the page that opened it looks again who is signed in.
const channel = new BroadcastChannel("sportello");
channel.postMessage("done");
channel.close();
window.close();
setTimeout(() => location.replace("/"), 300); // where there was no popup
