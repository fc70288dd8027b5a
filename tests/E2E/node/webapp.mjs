// Signs what Telegram tells a Mini App of whoever opened it.
// node webapp.mjs TOKEN FIELDS   prints the initData of these fields (JSON, objects in it as Telegram sends them), as the
// bot with this token would see it: https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
import { createHmac } from "node:crypto";

const [token, text] = process.argv.slice(2);
const fields = Object.entries(JSON.parse(text)).map(([name, value]) => [
  name,
  typeof value === "object" ? JSON.stringify(value) : `${value}`,
]);
const dataCheckString = fields
  .map(([name, value]) => `${name}=${value}`)
  .sort()
  .join("\n");
const secretKey = createHmac("sha256", "WebAppData").update(token).digest();
const hash = createHmac("sha256", secretKey).update(dataCheckString).digest("hex");
console.log([...fields, ["hash", hash]].map((pair) => pair.map(encodeURIComponent).join("=")).join("&"));
