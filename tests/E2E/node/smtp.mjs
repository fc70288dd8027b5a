// A mail server by other people, which delivers nothing and prints a line of JSON for each mail that it takes.
// node smtp.mjs PORT [OPTIONS]   prints "listening on PORT" when it does; 0 is any port
//
// OPTIONS, as JSON: key and cert (PEM) to offer STARTTLS, user and pass to ask for a sign-in.
// How an address is treated stands in its first word: refused@… 550, later-2@… 451 twice, hang-1@… no answer the first
// time, slow@… an answer after a second.
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";

const [port, text = "{}"] = process.argv.slice(2);
const options = JSON.parse(text);
const tries = new Map();
const say = (what) => console.log(JSON.stringify(what));
const error = (responseCode, message) => Object.assign(new Error(message), { responseCode });

const server = new SMTPServer({
  key: options.key,
  cert: options.cert,
  disabledCommands: [...(options.key ? [] : ["STARTTLS"]), ...(options.user ? [] : ["AUTH"])],
  authMethods: ["LOGIN"],
  authOptional: !options.user,
  allowInsecureAuth: true,
  disableReverseLookup: true,
  onConnect(session, done) {
    say({ event: "connected" });
    done();
  },
  onAuth(auth, session, done) {
    say({ event: "auth", secure: session.secure });
    const right = auth.username === options.user && auth.password === options.pass;
    done(right ? null : error(535, "Wrong password"), { user: auth.username });
  },
  onRcptTo({ address }, session, done) {
    const [kind, times = "Infinity"] = address.split(/[.@]/)[0].split("-");
    const attempt = (tries.get(address) ?? 0) + 1;
    tries.set(address, attempt);
    say({ event: "recipient", to: address });
    if (kind === "refused") done(error(550, `5.1.1 <${address}> does not live here`));
    else if (kind === "later" && attempt <= Number(times)) done(error(451, `4.2.0 <${address}>, later`));
    else if (kind === "slow") setTimeout(done, 1000);
    else if (kind !== "hang" || attempt > Number(times)) done();
  },
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", async () => {
      const mail = await PostalMime.parse(Buffer.concat(chunks));
      say({
        event: "mail",
        from: session.envelope.mailFrom.address,
        to: session.envelope.rcptTo.map((recipient) => recipient.address).join(),
        sender: mail.from,
        header_to: mail.to[0].address,
        subject: mail.subject,
        text: mail.text,
        html: mail.html,
        message_id: mail.messageId,
        auto_submitted: mail.headers.find((header) => header.key === "auto-submitted")?.value,
        secure: session.secure,
        user: session.user ?? null,
      });
      done();
    });
  },
});
server.on("error", () => {}); // of a connection that ended early
server.listen(Number(port), "127.0.0.1", () => console.log(`listening on ${server.server.address().port}`));
