// oauth2-mock-server as its README starts it: node oauth2-mock-server.js PORT ALGORITHM
import { OAuth2Server } from 'oauth2-mock-server';

const [port, algorithm] = process.argv.slice(2);
const server = new OAuth2Server();
await server.issuer.keys.generate(algorithm);
await server.start(Number(port), 'localhost');
