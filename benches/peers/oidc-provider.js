// oidc-provider with one confidential client and signed access tokens: node oidc-provider.js PORT ALGORITHM
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const [port, algorithm] = process.argv.slice(2);
const pair =
  algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...pair.privateKey.export({ format: 'jwk' }), use: 'sig', alg: algorithm, kid: 'bench' };
const resource = 'urn:bench:api';

const provider = new Provider(`http://localhost:${port}`, {
  jwks: { keys: [key] },
  clients: [
    {
      client_id: 'bench',
      client_secret: 'bench-secret',
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: algorithm,
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => resource,
      getResourceServerInfo: () => ({ scope: 'api', accessTokenFormat: 'jwt', jwt: { sign: { alg: algorithm } } }),
    },
  },
});
provider.listen(Number(port), 'localhost');
