// telegram-test-api, an emulator of Telegram by other people, behind a front that adds what it lacks.
// node telegram.mjs PORT TOKEN   prints "listening on PORT" when it does; 0 is any port
//
// The emulator's own: people's messages, commands and presses (POST /sendMessage, /sendCommand, /sendCallback), getMe,
// sendMessage, editMessageText, editMessageReplyMarkup, deleteMessage, answerCallbackQuery.
// The front's: getUpdates as Telegram has it (offset, timeout, 409; the emulator forgets what it has handed over once),
// webhooks with their secret and repeated deliveries, setMyCommands, deleteMyCommands, sendPhoto, 401 for a wrong token, 403 for who has
// blocked the bot, 400 for an edit that changes nothing, other updates (POST /front/update), and what the tests look at:
// GET /front/events?chat=ID&after=N, /front/calls. POST /front/block?chat=ID, /front/unblock?chat=ID, /front/webhook?url=URL,
// /front/fail?status=N&chat=ID (or &method=NAME): that chat, that method, or without one Telegram as a whole, answers so from now on; 0 ends it, and with 1
// everything is done and the connection cut before the answer; with 2 everything is done, and answered when 0 ends it. The method "confirm" is
// getUpdates with an offset.
import http from "node:http";
import telegram from "telegram-test-api";

const [port, token] = process.argv.slice(2);
const emulator = new (telegram.TelegramServer ?? telegram.default ?? telegram)();
const calls = [];
const events = [];
const blocked = new Set();
const failing = new Map();
const held = [];
const chatsByCallback = new Map();
let queue = [];
let poll = null;
let webhook = null;
let delivering = false;

const error = (status, description) => ({ ok: false, error_code: status, description });
const tell = (chat, event) => events.push({ chat: Number(chat), at: Date.now(), ...event });
const shown = (message) => ({
  message_id: message.message_id,
  text: message.text ?? message.caption,
  buttons: message.reply_markup?.inline_keyboard ?? [],
  force_reply: message.reply_markup?.force_reply,
});

const addBotMessage = emulator.addBotMessage.bind(emulator);
emulator.addBotMessage = (raw, botToken) => {
  const message = addBotMessage(raw, botToken);
  tell(raw.chat_id, { event: raw.photo ? "photo" : "message", ...shown({ ...raw, message_id: message.message_id }) });
  return message;
};

function take() {
  for (const update of emulator.getUpdates(token)) {
    if (update.callback_query) chatsByCallback.set(update.callback_query.id, update.callback_query.from.id);
    queue.push(update);
  }
}

function arrived() {
  take();
  if (webhook) deliver();
  else if (poll && queue.length > 0) poll.answer({ ok: true, result: queue.slice(0, poll.limit) });
}
for (const name of ["AddedUserMessage", "AddedUserCommand", "AddedUserCallbackQuery"]) emulator.on(name, arrived);

async function deliver() {
  if (delivering) return;
  delivering = true;
  while (webhook && queue.length > 0) {
    const headers = { "Content-Type": "application/json", "X-Telegram-Bot-Api-Secret-Token": webhook.secret_token };
    try {
      const answer = await fetch(webhook.url, { method: "POST", headers, body: JSON.stringify(queue[0]) });
      if (answer.ok) queue.shift();
      else await new Promise((again) => setTimeout(again, 100));
    } catch {
      await new Promise((again) => setTimeout(again, 100));
    }
  }
  delivering = false;
}

function getUpdates({ offset, limit = 100, timeout = 0 }, reply, response) {
  if (webhook) return reply(error(409, "Conflict: can't use getUpdates method while webhook is active"));
  poll?.answer(error(409, "Conflict: terminated by other getUpdates request"));
  take();
  if (offset) queue = queue.filter((update) => update.update_id >= offset);
  if (queue.length > 0 || timeout === 0) return reply({ ok: true, result: queue.slice(0, limit) });
  const timer = setTimeout(() => poll?.answer({ ok: true, result: [] }), timeout * 1000);
  const mine = { limit, answer: (body) => (end(), reply(body)) };
  const end = () => {
    clearTimeout(timer);
    if (poll === mine) poll = null;
  };
  poll = mine;
  response.on("close", end);
}

function edit(body, reply, pass) {
  const same = (message) => message.messageId === body.message_id && String(message.message.chat_id) === String(body.chat_id);
  const old = emulator.storage.botMessages.find(same);
  if (!old) return reply(error(400, "Bad Request: message to edit not found"));
  // Without a keyboard Telegram takes the old one away; the emulator would keep it.
  body.reply_markup ??= { inline_keyboard: [] };
  const now = { ...old.message, ...body };
  const look = (message) => JSON.stringify([message.text, message.reply_markup?.inline_keyboard ?? []]);
  if (look(now) === look(old.message)) return reply(error(400, "Bad Request: message is not modified"));
  tell(body.chat_id, { event: "edit", ...shown(now) });
  pass();
}

const methods = {
  getUpdates: (body, reply, pass, response) => getUpdates(body, reply, response),
  setWebhook: (body, reply) => ((webhook = body), reply({ ok: true, result: true }), deliver()),
  deleteWebhook: (body, reply) => ((webhook = null), reply({ ok: true, result: true })),
  setMyCommands: (body, reply) => reply({ ok: true, result: true }),
  deleteMyCommands: (body, reply) => reply({ ok: true, result: true }),
  editMessageText: edit,
  editMessageReplyMarkup: edit,
  sendPhoto: (body, reply) => reply({ ok: true, result: emulator.addBotMessage(body, token) }),
  answerCallbackQuery(body, reply, pass) {
    if (body.text) tell(chatsByCallback.get(body.callback_query_id), { event: "toast", text: body.text });
    pass();
  },
};

const control = {
  events: ({ searchParams }) => {
    const mine = events.filter((event) => event.chat === Number(searchParams.get("chat")));
    return mine.slice(Number(searchParams.get("after")));
  },
  calls: () => calls,
  block: ({ searchParams }) => blocked.add(searchParams.get("chat")).size,
  unblock: ({ searchParams }) => blocked.delete(searchParams.get("chat")),
  fail({ searchParams }) {
    const status = Number(searchParams.get("status"));
    if (status === 0) for (const end of held.splice(0)) end();
    return failing.set(searchParams.get("chat") ?? searchParams.get("method") ?? "all", status).size;
  },
  webhook: ({ searchParams }) => (webhook = { url: searchParams.get("url") }),
  update(url, update) {
    queue.push({ update_id: emulator.updateId++, ...update });
    arrived();
    return {};
  },
};

async function read(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const type = request.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/")) return bytes.length > 0 ? JSON.parse(bytes) : {};
  const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
  const body = Object.fromEntries([...form].filter(([, value]) => typeof value === "string"));
  const photo = Buffer.from(await form.get("photo").arrayBuffer());
  if (body.reply_markup) body.reply_markup = JSON.parse(body.reply_markup);
  return { ...body, photo: [{ file_id: photo.toString("base64") }] };
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, "http://telegram");
  const body = await read(request);
  const reply = (answer) => {
    response.writeHead(answer.error_code ?? 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer));
  };
  // The emulator's framework reads no body that was read already.
  const pass = () => emulator.webServer(Object.assign(request, { body, _body: true }), response);
  const [, area, name] = url.pathname.split("/");
  if (area === "front") return reply(control[name](url, body));
  if (!area.startsWith("bot")) return pass();
  if (area !== `bot${token}`) return reply(error(401, "Unauthorized"));
  calls.push({ at: Date.now(), method: name, body });
  const status = failing.get(String(body.chat_id)) || failing.get(name) || (body.offset && failing.get("confirm")) || failing.get("all");
  // Carried out, and nobody hears of it: the connection is cut.
  if (status === 1) {
    response.writeHead = () => response;
    response.end = () => request.socket.destroy();
  } else if (status === 2) {
    const end = response.end.bind(response);
    response.end = (...last) => held.push(() => end(...last)) && response;
  } else if (status) return reply({ ...error(status, "Out of order"), ...(status === 429 && { parameters: { retry_after: 2 } }) });
  if (blocked.has(String(body.chat_id))) return reply(error(403, "Forbidden: bot was blocked by the user"));
  return (methods[name] ?? ((_, __, go) => go()))(body, reply, pass, response);
});
server.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
