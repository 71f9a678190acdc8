// docs:session
// The access token is in this variable alone: no storage keeps it. The refresh token is in a cookie that no script reads.
let access = null;
let refreshing = null;
const tabs = new BroadcastChannel("session");

const post = (route, form) =>
  fetch(`/session/${route}`, { method: "POST", body: form && new URLSearchParams(form) });

async function take(reply) {
  access = reply.ok ? (await reply.json()).access_token : null;
  return reply.ok;
}

export const logIn = async (username, password) => take(await post("login", { username, password }));

// A lost reply and a 5xx say nothing of the session: within the grace window the same pair is answered again.
async function renew() {
  for (const pause of [250, 500, 1000]) {
    const reply = await post("refresh").catch(() => null);
    if (reply && reply.status < 500) return take(reply);
    await new Promise((done) => setTimeout(done, pause));
  }
  throw new Error("the server does not answer: try again later");
}

// One refresh at a time in this tab. Another tab may ask at the same moment, and gets the same pair.
export const refresh = () => (refreshing ??= renew().finally(() => (refreshing = null)));

// A request with the access token, which is renewed where it has expired; null where nobody is logged in.
export async function call(path, options = {}) {
  const send = () => fetch(path, { ...options, headers: { ...options.headers, Authorization: `Bearer ${access}` } });
  if (!access && !(await refresh())) return null;
  const reply = await send();
  if (reply.status !== 401) return reply;
  return (await refresh()) ? send() : null;
}

export async function logOut(everywhere = false) {
  const reply = await post("logout", { everywhere });
  if (!reply.ok) throw new Error("not logged out: try again");
  access = null;
  tabs.postMessage("logged out");
}
// docs:end

const [who, form, out] = ["#who", "form", "#out"].map((name) => document.querySelector(name));

async function show() {
  const reply = await call("/me");
  const name = reply?.ok ? (await reply.json()).subject : null;
  who.textContent = name ?? "nobody";
  [form.hidden, out.hidden] = [name !== null, name === null];
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  await logIn(form.username.value, form.password.value);
  await show();
});
out.addEventListener("click", () => logOut().then(show));
tabs.addEventListener("message", () => {
  access = null;
  show();
});
show();
