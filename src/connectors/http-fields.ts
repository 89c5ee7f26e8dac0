import { z } from 'zod';
import { isHeaderName, isHeaderValue } from '../net/header.ts';
import { urlFault } from '../net/http-url.ts';
import type { Secret } from '../secrets/secret.ts';
import { type Field, type FieldFacts, field, secret, secretText } from './fields.ts';
import { namesSecret, secretParameter } from './secret-names.ts';

/** Fields of everything that is reached by a URL. */

const UNSAFE = /[\p{Cc}\s]/u;

/** An http or https URL with a host and without credentials in it; what decides where secrets go is its origin. */
export function url(description: string, example: string, facts: Partial<FieldFacts> = {}): Field<string> {
  return field({ ...urlFacts(description, example), ...facts }, urlText);
}

/** A URL that another field may stand in place of. */
export function optionalUrl(description: string, example: string): Field<string | undefined> {
  return field(urlFacts(description, example), () => urlText().optional());
}

function urlFacts(description: string, example: string): FieldFacts {
  return {
    class: 'destination',
    group: 'connection',
    role: 'url',
    title: 'URL',
    description,
    examples: [example],
    aka: ['base_url', 'endpoint', 'uri', 'address', 'host'],
    canonical: originOf,
  };
}

/** What of a URL decides where secrets go. */
export function originOf(value: unknown): unknown {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : value;
}

/** A whole http or https URL without credentials in it. */
export function urlText() {
  return z
    .string()
    .max(8192)
    .refine((text) => urlFault(text) !== 'not_http', { error: 'must be a whole http or https URL' })
    .refine((text) => urlFault(text) !== 'credentials', { error: 'must not hold credentials; they go into auth' })
    .refine((text) => !signsItself(text), {
      error:
        'holds a token or signature in its query, where it would be stored in clear; give it as auth, method query',
    })
    .refine((text) => urlFault(text) !== 'port', { error: 'names a port that is no HTTP port' });
}

/** Presigned links and links with a key in them. */
function signsItself(text: string): boolean {
  return URL.canParse(text) && secretParameter(new URL(text).search) !== undefined;
}

/** A path below a URL, with a query or without, and without secrets in it. */
export function pathText() {
  return z
    .string()
    .max(2000)
    .regex(/^\/[^\s#\\]*$/, { error: 'must be a path that begins with /' })
    .refine((text) => secretParameter(queryOf(text)) === undefined, {
      error: ({ input }) => {
        const name = secretParameter(queryOf(String(input))) ?? '';
        return `holds ${name.slice(0, 100)} in its query, where it would be stored in clear; give it as auth, method query`;
      },
    });
}

function queryOf(path: string): string {
  const at = path.indexOf('?');
  return at === -1 ? '' : path.slice(at + 1);
}

/** Headers that frame the message, name the target, carry credentials, turn a read into a write, or open metadata services. */
const REFUSED_HEADERS = new Set([
  'host',
  'authorization',
  'proxy-authorization',
  'proxy-authenticate',
  'proxy-connection',
  'cookie',
  'connection',
  'keep-alive',
  'content-length',
  'transfer-encoding',
  'te',
  'trailer',
  'upgrade',
  'http2-settings',
  'expect',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'metadata',
  'metadata-flavor',
  'x-google-metadata-request',
  'x-aws-ec2-metadata-token',
  'x-aws-ec2-metadata-token-ttl-seconds',
  'x-aliyun-ecs-metadata-token',
  'x-aliyun-ecs-metadata-token-ttl-seconds',
]);
const LONGEST_VALUE = 2000;

/** Further request headers without secrets. */
export function headers(): Field<Record<string, string> | undefined> {
  return field(
    {
      class: 'setting',
      group: 'connection',
      title: 'Headers',
      description: 'Further request headers, such as a version. Secrets go into auth.',
      examples: [{ 'X-Api-Version': '2026-01' }],
      advanced: true,
    },
    () =>
      z
        .record(z.string(), z.string())
        .refine((given) => Object.keys(given).length <= 30, { error: 'are more than 30' })
        .refine((given) => Object.keys(given).every(isHeaderName), {
          error: 'hold a name that is no header name',
        })
        .refine(
          (given) => Object.values(given).every((value) => value.length <= LONGEST_VALUE && isHeaderValue(value)),
          {
            error: 'hold a value that no header can carry',
          },
        )
        .refine((given) => !Object.keys(given).some((name) => REFUSED_HEADERS.has(name.toLowerCase())), {
          error: 'hold one that cannot be set here (Host, Authorization, framing and metadata headers)',
        })
        .refine((given) => secretHeader(given) === undefined, {
          error: ({ input }) =>
            `hold ${secretHeader(Object(input))}, which would be stored in clear; give it as auth, method header`,
        })
        .optional(),
  );
}

/** A header that is not refused for another reason, and carries a secret. */
function secretHeader(given: Readonly<Record<string, unknown>>): string | undefined {
  const settable = Object.entries(given).filter(
    ([name]) => isHeaderName(name) && !REFUSED_HEADERS.has(name.toLowerCase()),
  );
  return settable.find(([name, value]) => namesSecret(name, String(value)))?.[0];
}

function name(title: string, description: string, example: string): Field<string> {
  return field({ class: 'setting', group: 'authentication', title, description, examples: [example] }, () =>
    z
      .string()
      .refine(isHeaderName, { error: 'is not a usable name' })
      .refine((text) => !FRAMING.has(text.toLowerCase()), { error: 'cannot be set here' }),
  );
}
const FRAMING = new Set([...REFUSED_HEADERS].filter((header) => !['authorization', 'cookie'].includes(header)));

/** A secret that travels as a header. What a reference holds is looked at when it is read. */
function headerSecret(facts: Pick<FieldFacts, 'title' | 'description' | 'aka'>): Field<Secret> {
  return field({ ...secret(facts).facts }, () =>
    secretText().refine(isHeaderValue, { error: 'holds what no header can carry, such as a line break' }),
  );
}

/** The ways HTTP APIs take credentials. */
export const HTTP_AUTH = {
  none: {},
  bearer: {
    token: headerSecret({
      title: 'Token',
      description: 'Sent as Authorization: Bearer.',
      aka: ['api_key', 'access_token'],
    }),
  },
  basic: {
    username: field<string>(
      {
        class: 'setting',
        group: 'authentication',
        title: 'User',
        description: 'User name of HTTP basic authentication.',
      },
      () =>
        z
          .string()
          .min(1)
          .max(256)
          .refine((text) => !text.includes(':') && !UNSAFE.test(text), {
            error: 'must not hold colons or white space',
          }),
    ),
    password: secret({ title: 'Password', description: 'Password of HTTP basic authentication.' }),
  },
  header: {
    name: name('Header', 'The header that carries the key.', 'X-Api-Key'),
    value: headerSecret({ title: 'Key', description: 'What the header carries.', aka: ['api_key', 'key'] }),
  },
  query: {
    name: name('Parameter', 'The query parameter that carries the key.', 'api_key'),
    value: secret({
      title: 'Key',
      description: 'What the parameter carries. Prefer a header where the API has one: URLs end up in logs.',
      aka: ['api_key', 'key'],
    }),
  },
} as const;
