import type { ApiClient, ApiParts } from '../../net/api-client.ts';
import { composed } from '../../secrets/composed.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Opened } from '../remote/platform.ts';
import { createKaireon } from './vendor.ts';
import { remoteTest } from './verify.ts';

interface Account {
  apiKey?: Secret | undefined;
  tenantId?: string | undefined;
}

/** Its pages name the key's header in two ways, and a third header that browsers send: with all of them each is right. */
export function openKaireon(
  { apiKey, tenantId }: Account,
  connect: (parts: Pick<ApiParts, 'headers'>) => ApiClient,
): Opened {
  const client = connect({
    headers: {
      'x-requested-with': 'XMLHttpRequest',
      ...(apiKey ? { 'x-api-key': apiKey, authorization: composed('Bearer ', apiKey) } : {}),
      ...(tenantId === undefined ? {} : { 'x-tenant-id': tenantId }),
    },
  });
  return { vendor: createKaireon(client), client, ownChecks: remoteTest(client) };
}
