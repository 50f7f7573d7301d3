// Signs in with openid-client, and does after it what GOV.UK One Login's own example client for Node does.
//
// It reads its settings as JSON from the first argument, prints the address of the sign-in, reads from its input where
// the person came back to, and prints what it learnt. Key, PKCE, vector of trust and claims are as the example has them.
import { createInterface } from "node:readline/promises";
import { pathToFileURL } from "node:url";
import { createRequire } from "node:module";

const settings = JSON.parse(process.argv[2]);
const modules = createRequire(pathToFileURL(settings.modules + "/"));
const client = await import(pathToFileURL(modules.resolve("openid-client")).href);
const { decodeJwt, decodeProtectedHeader, importJWK, jwtVerify } = await import(pathToFileURL(modules.resolve("jose")).href);

const algorithm = { name: settings.scheme, hash: "SHA-256" };
const key = await crypto.subtle.importKey("jwk", settings.key, algorithm, false, ["sign"]);
const config = await client.discovery(
  new URL(settings.issuer),
  settings.client_id,
  { id_token_signed_response_alg: "ES256" },
  client.PrivateKeyJwt(key),
  { execute: [client.allowInsecureRequests] },
);

const verifier = client.randomPKCECodeVerifier();
const [nonce, state] = [client.randomNonce(), client.randomState()];
const identity = "https://vocab.account.gov.uk/v1/coreIdentityJWT";
const url = client.buildAuthorizationUrl(config, {
  redirect_uri: settings.redirect_url,
  scope: "openid email phone",
  vtr: JSON.stringify(["Cl.Cm.P2"]),
  nonce,
  state,
  code_challenge: await client.calculatePKCECodeChallenge(verifier),
  code_challenge_method: "S256",
  claims: JSON.stringify({ userinfo: { [identity]: null } }),
});
console.log(url.href);

const lines = createInterface({ input: process.stdin });
const back = new URL(await lines.question(""));
lines.close();
const tokens = await client.authorizationCodeGrant(config, back, {
  expectedNonce: nonce,
  expectedState: state,
  idTokenExpected: true,
  pkceCodeVerifier: verifier,
});
const subject = tokens.claims().sub;
const person = await client.fetchUserInfo(config, tokens.access_token, subject);
const document = await (await fetch(settings.issuer + "/.well-known/did.json")).json();
const kid = decodeProtectedHeader(person[identity]).kid;
const method = document.assertionMethod.find((one) => one.id === kid);
const proved = await jwtVerify(person[identity], await importJWK(method.publicKeyJwk), {
  issuer: settings.identity_issuer,
  audience: settings.client_id,
});
console.log(
  JSON.stringify({
    subject,
    access_token: decodeJwt(tokens.access_token),
    core_identity: proved.payload,
    sign_out: client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }).href,
  }),
);
