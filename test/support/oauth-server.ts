import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface OAuthServer {
  /** `http://127.0.0.1:PORT` */
  issuer: string;
  client: { id: string; secret: string };
  /** A client without a secret. */
  publicClient: { id: string };
  /** Requests of the token endpoint, by grant type, in order, refused ones too. */
  grants: string[];
  /** Answers the token endpoint with this instead, while it is set. */
  faults: { token?: { status: number; body: string; delayMs?: number } };
  stop(): Promise<void>;
}

export interface OAuthServerOptions {
  redirectUris: readonly string[];
  accessTokenSeconds?: number;
  /** Whether refresh tokens are replaced at each use. */
  rotates?: boolean;
}

/** A real OAuth server (oidc-provider, certified for OpenID Connect), on loopback; people sign in by its own pages. */
export async function startOAuthServer(options: OAuthServerOptions): Promise<OAuthServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = { id: 'headwater-tests', secret: 'sEcret of the client: 4f&=+ %7' };
  const publicClient = { id: 'headwater-public' };
  const shared = {
    redirect_uris: [...options.redirectUris],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    application_type: 'native',
  };
  const provider = await quietly(
    (Provider) =>
      new Provider(issuer, {
        clients: [
          { ...shared, client_id: client.id, client_secret: client.secret },
          { ...shared, client_id: publicClient.id, token_endpoint_auth_method: 'none' },
        ],
        cookies: { keys: ['only for tests'] },
        pkce: { required: () => true },
        rotateRefreshToken: options.rotates ?? true,
        ttl: {
          AccessToken: options.accessTokenSeconds ?? 3600,
          RefreshToken: 3600,
          IdToken: 600,
          Session: 600,
          Interaction: 600,
          Grant: 3600,
        },
        findAccount: (_: unknown, accountId: string) => ({ accountId, claims: () => ({ sub: accountId }) }),
        scopes: ['openid', 'offline_access', 'orders.read'],
      }),
  );
  const oauth = provider.callback();
  const grants: string[] = [];
  const faults: OAuthServer['faults'] = {};
  server.on('request', (request, response) => {
    const { token } = faults;
    if (token && request.url === '/token') {
      grants.push('fault');
      setTimeout(() => {
        response.writeHead(token.status, { 'content-type': 'application/json' }).end(token.body);
      }, token.delayMs ?? 0);
      return;
    }
    oauth(request, response);
  });
  for (const event of ['grant.success', 'grant.error']) {
    provider.on(event, (context) => {
      const { oidc } = context as { oidc?: { params?: { grant_type?: string } } };
      grants.push(`${oidc?.params?.grant_type ?? 'none'}${event === 'grant.error' ? ' refused' : ''}`);
    });
  }
  return { issuer, client, publicClient, grants, faults, stop: () => stopped(server) };
}

/** It prints what a server in earnest should be told. */
async function quietly<T>(make: (provider: typeof import('oidc-provider').default) => T): Promise<T> {
  const { warn, info } = console;
  Object.assign(console, { warn: () => {}, info: () => {} });
  try {
    return make((await import('oidc-provider')).default);
  } finally {
    Object.assign(console, { warn, info });
  }
}

async function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
