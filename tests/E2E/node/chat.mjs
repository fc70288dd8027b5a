// Talks to the bot by hand through telegram.mjs, as a person with Telegram would.
// node chat.mjs http://127.0.0.1:PORT TOKEN [ID] [LANGUAGE]   writes what the bot says; each line of input is a message, or the
// number of a button, or "#TEXT" to reply to the bot's last message. Pictures are saved as bot-N.png.
import fs from "node:fs";
import readline from "node:readline";

const [address, botToken, id = "1001", language_code = "en"] = process.argv.slice(2);
const person = { id: Number(id), first_name: "Somebody", is_bot: false, language_code };
const chat = { id: Number(id), type: "private" };
const messages = new Map();
let buttons = [];
let last = null;
let heard = 0;

const post = (path, body) =>
  fetch(address + path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
const get = async (path) => (await fetch(address + path)).json();
const plain = (html = "") =>
  html.replace(/<[^>]*>/g, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

async function listen() {
  for (const event of await get(`/front/events?chat=${id}&after=${heard}`)) {
    heard++;
    const mark = { edit: "(changes) ", toast: "(notice) ", photo: "(picture) " }[event.event] ?? "";
    console.log(`\nbot  ${mark}${plain(event.text).replaceAll("\n", "\n     ")}`);
    if (event.event === "photo") {
      const calls = (await get("/front/calls")).filter((c) => c.method === "sendPhoto" && String(c.body.chat_id) === id);
      fs.writeFileSync(`bot-${heard}.png`, Buffer.from(calls.at(-1).body.photo[0].file_id, "base64"));
      console.log(`     bot-${heard}.png`);
    }
    if (event.message_id === undefined) continue;
    messages.set(event.message_id, event);
    last = event;
    const below = (event.buttons ?? []).flat().map((button) => ({ ...button, event }));
    if (below.length > 0) buttons = below;
    let number = 0;
    for (const row of event.buttons ?? []) console.log("     " + row.map((b) => `[${++number} ${b.text}]`).join(" "));
  }
}

async function say(line) {
  const date = Math.floor(Date.now() / 1000);
  const button = /^\d+$/.test(line) ? buttons[Number(line) - 1] : undefined;
  if (button) {
    console.log(`\nyou  [${button.text}]`);
    const message = { message_id: button.event.message_id, chat, date, text: button.event.text };
    return post("/sendCallback", { botToken, from: person, data: button.callback_data, message });
  }
  const isReply = line.startsWith("#");
  const text = isReply ? line.slice(1) : line;
  console.log(`\nyou  ${isReply ? "(reply) " : ""}${text}`);
  const reply_to_message = isReply ? { message_id: last.message_id, chat, date, text: last.text } : undefined;
  const message = { botToken, from: person, chat, date, text, entities: [], reply_to_message };
  return post(text.startsWith("/") ? "/sendCommand" : "/sendMessage", message);
}

setInterval(listen, 300);
for await (const line of readline.createInterface({ input: process.stdin })) if (line.trim()) await say(line.trim());
await new Promise((done) => setTimeout(done, 1500));
process.exit(0);
