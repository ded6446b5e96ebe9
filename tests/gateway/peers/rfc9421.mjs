// Verifies messages as RFC 9421 says, with the npm package http-message-signatures: one JSON line
// in, {request, response|null, key: {jwk, id, alg}}; one out, {verified} or {error}. Times are not
// judged: the messages are of another day.
import { createPublicKey } from "node:crypto";
import { createInterface } from "node:readline";
import { httpbis, createVerifier } from "http-message-signatures";

async function judge({ request, response, key }) {
  const pem = createPublicKey({ key: key.jwk, format: "jwk" });
  const verifier = createVerifier(pem, key.alg);
  const message = response ?? request;
  Date.now = () => key.at * 1000;
  return httpbis.verifyMessage(
    {
      all: true,
      requiredParams: ["created", "keyid", "alg", "nonce", "tag"],
      keyLookup: async (parameters) =>
        parameters.keyid === key.id ? { id: key.id, algs: [key.alg], verify: verifier } : null,
    },
    message,
    response ? request : undefined,
  );
}

for await (const line of createInterface({ input: process.stdin })) {
  let told;
  try {
    told = { verified: await judge(JSON.parse(line)) };
  } catch (error) {
    told = { error: String(error.message) };
  }
  process.stdout.write(JSON.stringify(told) + "\n");
}
