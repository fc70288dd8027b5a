// Makes and reads access tokens with a library by other people.
// node jwt.mjs sign SECRET CLAIMS   prints a token of these claims (JSON), as it signs them by default
// node jwt.mjs verify SECRET TOKEN  prints the claims of a token that is valid now
import { jwtVerify, SignJWT } from "jose";

const [action, secret, text] = process.argv.slice(2);
const key = new TextEncoder().encode(secret);
if (action === "sign") {
  const token = await new SignJWT(JSON.parse(text))
    .setProtectedHeader({ alg: "HS256", typ: "JWT" })
    .setIssuedAt()
    .setExpirationTime("15 minutes")
    .sign(key);
  console.log(token);
} else {
  const { payload } = await jwtVerify(text, key, {
    algorithms: ["HS256"],
    issuer: "bookit",
    audience: "bookit",
    requiredClaims: ["sub", "sid", "role", "iat", "exp"],
  });
  console.log(JSON.stringify(payload));
}
