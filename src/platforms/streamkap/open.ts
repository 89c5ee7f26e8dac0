import type { Secret } from '../../secrets/secret.ts';
import type { Opened, VendorHead } from '../remote/platform.ts';
import { STREAMKAP_CONNECTORS } from './catalog/index.ts';
import { schemaChecks } from './drift.ts';
import { streamkapTokens } from './tokens.ts';
import { streamkapVendor } from './vendor.ts';

/** What is behind the platform's head, with a client that signs in by itself. */
export function openStreamkap(
  connect: Parameters<VendorHead['open']>[0],
  credentials: { clientId: string | undefined; clientSecret: Secret | undefined },
  now: () => Date,
): Opened {
  const client = connect({ authorization: streamkapTokens(connect({}), credentials, now) });
  return {
    client,
    vendor: streamkapVendor(client, STREAMKAP_CONNECTORS),
    ownChecks: ({ connector }) => schemaChecks(client, connector),
  };
}
