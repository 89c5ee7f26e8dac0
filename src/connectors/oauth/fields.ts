import { z } from 'zod';
import type { Secret } from '../../secrets/secret.ts';
import { type Field, type FieldFacts, field, printable, secret, secretText } from '../fields.ts';
import { urlText } from '../http-fields.ts';
import { PROVIDER_CODES, type ProviderCode } from './providers.ts';

type Told = Pick<FieldFacts, 'title' | 'description'> & Partial<FieldFacts>;

/** Decides who is sent the client's secret and the refresh token. */
const destination = (facts: Told): FieldFacts => ({ class: 'destination', group: 'authentication', ...facts });
const setting = (facts: Told): FieldFacts => ({ class: 'setting', group: 'authentication', ...facts });

function address(facts: Told): Field<string | undefined> {
  return field(destination(facts), () => urlText().optional());
}

function optionalSecret(facts: Told): Field<Secret | undefined> {
  return field(secret(facts).facts, () => secretText().optional());
}

const isoTime = z.iso.datetime({ offset: true });
const SCOPES = /^[\x21\x23-\x5b\x5d-\x7e]+(?:[ ,]+[\x21\x23-\x5b\x5d-\x7e]+)*$/;

/**
 * Signing in at an OAuth provider with a client of one's own. What a sign-in gives is put into the last three; they can
 * be given as well, best as references: a token that is there already.
 */
export const OAUTH2 = {
  provider: field<ProviderCode>(
    destination({ title: 'Provider', description: 'Who signs the person in.', examples: ['google'] }),
    () => z.enum(PROVIDER_CODES),
  ),
  account: field<string | undefined>(
    destination({
      title: 'Account',
      description: 'Shop of shopify, tenant of microsoft, My Domain of salesforce (acme.my).',
    }),
    () => printable(253).optional(),
  ),
  issuer: address({ title: 'Issuer', description: 'For custom: has metadata (OpenID Connect or RFC 8414).' }),
  authorize_url: address({
    title: 'Authorization URL',
    description: 'For custom without issuer: where people sign in.',
    advanced: true,
  }),
  token_url: address({
    title: 'Token URL',
    description: 'For custom without issuer: where codes become tokens.',
    advanced: true,
  }),
  client_id: field<string | undefined>(
    setting({
      title: 'Client id',
      description: 'Of the OAuth client (app) registered at the provider.',
      examples: ['0123.apps.googleusercontent.com'],
    }),
    () => printable(512).optional(),
  ),
  client_secret: optionalSecret({
    title: 'Client secret',
    description: 'Of the same client; public clients have none.',
  }),
  scopes: field<string | undefined>(
    setting({ title: 'Scopes', description: 'What is asked for, separated by spaces.' }),
    () =>
      z
        .string()
        .max(4000)
        .refine((text) => SCOPES.test(text), { error: 'must be scopes separated by spaces' })
        .optional(),
  ),
  access_token: optionalSecret({
    title: 'Access token',
    description: 'Comes from the sign-in, or is given.',
    advanced: true,
  }),
  refresh_token: optionalSecret({
    title: 'Refresh token',
    description: 'The same; renews the access token.',
    advanced: true,
  }),
  expires_at: field<string | undefined>(
    setting({ title: 'Expires', description: 'When the access token expires.', advanced: true }),
    () =>
      z
        .string()
        .max(40)
        .refine((text) => isoTime.safeParse(text).success, { error: 'must be a time such as 2026-11-20T12:00:00Z' })
        .optional(),
  ),
} as const;
