import type { ApiClient, ApiParts } from '../../net/api-client.ts';
import { composed } from '../../secrets/composed.ts';
import type { Secret } from '../../secrets/secret.ts';
import type { Opened } from '../remote/platform.ts';
import { createCamel } from './vendor.ts';

export function openCamel(
  apiKey: Secret | undefined,
  connect: (parts: Pick<ApiParts, 'headers'>) => ApiClient,
): Opened {
  const client = connect(apiKey ? { headers: { authorization: composed('Bearer ', apiKey) } } : {});
  return { vendor: createCamel(client), client };
}
