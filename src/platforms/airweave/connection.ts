import { z } from 'zod';

const text = z.string().nullish().catch(undefined);
const flag = z.boolean().nullish().catch(undefined);
const loose = z.looseObject({}).nullish().catch(undefined);

const AUTH_SHAPE = z
  .looseObject({
    method: text,
    authenticated: flag,
    authenticated_at: text,
    expires_at: text,
    auth_url: text,
    auth_url_expires: text,
    redirect_url: text,
    claim_token: text,
    provider_readable_id: text,
    provider_id: text,
  })
  .nullish()
  .catch(undefined);

/** A source connection, whole or as a list has it (facts: airweave.md §3). What is not relied on may be anything. */
const CONNECTION = z.looseObject({
  id: z.string().min(1).max(100),
  name: z.string(),
  short_name: z.string().min(1),
  readable_collection_id: text,
  description: text,
  status: text,
  created_at: text,
  modified_at: text,
  auth: AUTH_SHAPE,
  config: loose,
  schedule: loose,
  sync: loose,
  sync_id: text,
  entities: loose,
  error_category: text,
  error_message: text,
  provider_settings_url: text,
  // Of a list.
  is_authenticated: flag,
  auth_method: text,
  entity_count: z.number().nullish().catch(undefined),
});
export type Connection = z.infer<typeof CONNECTION>;

/** @returns undefined where it is none */
export function connectionIn(json: unknown): Connection | undefined {
  return CONNECTION.safeParse(json).data;
}
