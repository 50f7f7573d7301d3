// The certified OpenID provider "oidc-provider", as a process of its own for the conformance test beside this file.
// It reads its clients from the file named first, prints its issuer, and ends when its input is closed.
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The packages are in a throwaway folder, not beside this file.
const require = createRequire(pathToFileURL(`${process.argv[3]}/package.json`));
const { Provider } = await import(pathToFileURL(require.resolve('oidc-provider')));
const { exportJWK, generateKeyPair } = await import(pathToFileURL(require.resolve('jose')));

async function key(alg) {
  const { privateKey } = await generateKeyPair(alg, { extractable: true });
  return { ...(await exportJWK(privateKey)), alg, use: 'sig' };
}

const world = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const server = http.createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: world.clients,
  jwks: { keys: [await key('RS256'), await key('ES256'), await key('PS256')] },
  cookies: { keys: ['only-for-this-test'] },
  acrValues: [world.acr],
  claims: {
    openid: ['sub'],
    email: ['email', 'email_verified'],
    phone: ['phone_number', 'phone_number_verified'],
    address: ['address'],
    profile: ['given_name', 'family_name', 'birthdate'],
  },
  features: {
    backchannelLogout: { enabled: true },
    jwtUserinfo: { enabled: true },
    devInteractions: { enabled: true },
  },
  // It refuses to call this machine, where the test's service is: so without the guard that does that.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  pkce: { required: () => true },
  findAccount: (ctx, id) => ({ accountId: id, claims: async () => ({ sub: id, ...world.person }) }),
});

// The sign-in page of the package asks for any name and password, and says nothing of a level: it is said here.
provider.use(async (ctx, next) => {
  const found = ctx.method === 'POST' && /^\/interaction\/[^/]+$/.test(ctx.path)
    ? await provider.interactionDetails(ctx.req, ctx.res) : undefined;
  if (found?.prompt.name !== 'login') return next();
  const login = { accountId: world.account, acr: world.acr, amr: ['pwd', 'otp'] };
  return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
});

server.on('request', provider.callback());
process.stdin.on('end', () => process.exit(0)).resume();
console.log(issuer);
