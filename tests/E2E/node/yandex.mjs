// Yandex OAuth and Yandex ID, as far as BookIT speaks to them: an OAuth 2 server by other people, with Yandex's addresses,
// manners and user information. It tells on standard output where it listens.
// node yandex.mjs CLIENT_ID CLIENT_SECRET
// Whoever opens the authorisation page says by `person` (JSON) who they are and what goes wrong:
//   the fields of https://yandex.ru/dev/id/doc/ru/user-information, and of our own
//   denies: true                                     does not allow it
//   breaks: "token" | "info", by: status | "hang" | "garbage"   what Yandex does then
import { randomUUID } from "node:crypto";
import { OAuth2Server } from "oauth2-mock-server";

const [clientId, clientSecret] = process.argv.slice(2);
const codes = new Map();
const tokens = new Map();

const server = new OAuth2Server(undefined, undefined, {
  endpoints: { authorize: "/authorize", token: "/token", userinfo: "/info" },
});
await server.issuer.keys.generate("RS256");

server.service.on("beforeAuthorizeRedirect", ({ url }, { query }) => {
  const person = JSON.parse(query.person);
  const asked = query.client_id === clientId && query.code_challenge_method === "S256";
  if (person.denies || !asked) {
    url.searchParams.delete("code");
    url.searchParams.set("error", asked ? "access_denied" : "unauthorized_client");
    url.searchParams.set("error_description", "User denied access");
    return;
  }

  codes.set(url.searchParams.get("code"), { person, redirectUri: query.redirect_uri, scope: query.scope });
});

server.service.on("beforeResponse", (response, { body, res }) => {
  const code = codes.get(body.code);
  codes.delete(body.code); // one use
  if (body.client_id !== clientId || body.client_secret !== clientSecret) {
    refuse(response, "invalid_client", "Wrong client secret");
  } else if (!code || code.redirectUri !== body.redirect_uri || !body.code_verifier) {
    refuse(response, "invalid_grant", "Code has expired");
  } else {
    const token = `y0_${randomUUID()}`;
    tokens.set(token, code);
    response.body = {
      access_token: token,
      expires_in: 31536000,
      refresh_token: `1:${randomUUID()}`,
      scope: code.scope,
      token_type: "bearer",
    };
    breakDown("token", code.person, response, res);
  }
});

server.service.on("beforeUserinfo", (response, { headers, query, res }) => {
  const [scheme, token] = (headers.authorization ?? "").split(" ");
  const known = scheme === "OAuth" && query.format === "json" && tokens.get(token);
  if (!known) {
    response.statusCode = 401;
    response.body = {};
    return;
  }

  const { denies, breaks, by, ...shown } = known.person;
  const mayReadEmail = known.scope.split(" ").includes("login:email");
  response.body = {
    login: "somebody",
    client_id: clientId,
    display_name: "somebody",
    real_name: "Somebody Else",
    last_name: "Else",
    sex: null,
    default_avatar_id: "0/0-0",
    is_avatar_empty: true,
    psuid: "1.AAceCw.tbHgw5DtJ9_zeqPrk-Ba2w.qPWSRC5v2t2IaksPJgnge",
    emails: shown.default_email ? [shown.default_email] : [],
    ...shown,
    ...(mayReadEmail ? {} : { default_email: undefined, emails: undefined }),
  };
  breakDown("info", known.person, response, res);
});

function refuse(response, error, description) {
  response.statusCode = 400;
  response.body = { error, error_description: description };
}

function breakDown(where, { breaks, by }, response, res) {
  if (breaks !== where) {
    return;
  }

  if (by === "hang") {
    res.json = () => res;
  } else if (by === "garbage") {
    res.json = () => res.type("html").send("<html><body>Ой! Captcha y0_garbage</body></html>");
  } else if (typeof by === "number") {
    response.statusCode = by;
    response.body = { error: "server_error" };
  } else {
    response.body = by;
  }
}

await server.start(0, "127.0.0.1");
console.log(`http://127.0.0.1:${server.address().port}`);
