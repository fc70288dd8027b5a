// Opens a page in a browser's stead, fills in a password, presses its button, and prints what it shows then.
// node linkpage.mjs URL LANGUAGE [PASSWORD]
import { createHash } from "node:crypto";
import { JSDOM, VirtualConsole } from "jsdom";

const [url, language, password] = process.argv.slice(2);
const response = await fetch(url, { headers: { "Accept-Language": language } });
const html = await response.text();
const policy = response.headers.get("content-security-policy");

// jsdom heeds no policy, so what it runs is compared here with what a browser would let run.
const hashes = [...html.matchAll(/<(script|style)>(.*?)<\/\1>/gs)].map(
  ([, kind, content]) => `${kind}-src 'sha256-${createHash("sha256").update(content).digest("base64")}'`,
);
const requests = [];
const { window } = new JSDOM(html, {
  url,
  runScripts: "dangerously",
  virtualConsole: new VirtualConsole().sendTo(console),
  beforeParse(window) {
    window.fetch = (path, init) => {
      const target = new URL(path, url);
      requests.push(target.href);
      return fetch(target, { ...init, headers: { ...init.headers, Origin: new URL(url).origin } });
    };
  },
});
const { document } = window;
const form = document.forms[0];
const status = () => document.querySelector("[role=status]").textContent;
const before = { formShown: !form.hidden, status: status() };
if (!form.hidden) {
  if (password !== undefined) form.elements.password.value = password;
  form.querySelector("button").click();
  while (requests.length > 0 && !status()) await new Promise((resolve) => setTimeout(resolve, 20));
}
console.log(
  JSON.stringify({
    status_code: response.status,
    language: document.documentElement.lang,
    title: document.querySelector("h1").textContent,
    button: form.querySelector("button").textContent,
    has_password: form.elements.password !== undefined,
    permitted: hashes.every((hash) => policy.includes(hash)),
    scripts: hashes.length,
    policy,
    before,
    form_shown: !form.hidden,
    status: status(),
    requests,
  }),
);
window.close();
