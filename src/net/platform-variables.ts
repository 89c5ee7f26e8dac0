import { z } from 'zod';
import { Secret } from '../secrets/secret.ts';
import { urlFault } from './http-url.ts';
import { list } from './network-variables.ts';

const secret = z
  .string()
  .min(1)
  .transform((text) => new Secret(text))
  .optional();
const text = z.string().min(1).optional();
const baseUrl = z
  .string()
  .refine((url) => urlFault(url) === undefined && new URL(url).search === '' && new URL(url).hash === '', {
    error: 'must be a URL such as https://api.example.com',
  })
  .transform((url) => new URL(url));

/** Accounts on other platforms: rows of the table in `settings.ts`. They are the operator's, and no policy bars their URLs. */
export const PLATFORM_VARIABLES = {
  STREAMKAP_CLIENT_ID: { schema: text, meaning: 'Streamkap: client id of an API token', standard: 'none' },
  STREAMKAP_CLIENT_SECRET: { schema: secret, meaning: 'Streamkap: its secret', standard: 'none' },
  STREAMKAP_BASE_URL: {
    schema: baseUrl.prefault('https://api.streamkap.com'),
    meaning: 'Streamkap: where its API is',
    standard: '`https://api.streamkap.com`',
  },
  KAIREON_API_KEY: { schema: secret, meaning: 'KaireonAI: API key', standard: 'none' },
  KAIREON_TENANT_ID: { schema: text, meaning: 'KaireonAI: tenant, for the header `X-Tenant-Id`', standard: 'none' },
  KAIREON_BASE_URL: {
    schema: baseUrl.prefault('https://playground.kaireonai.com/api/v1'),
    meaning: 'KaireonAI: where its API is, `/api/v1` included',
    standard: '`https://playground.kaireonai.com/api/v1`',
  },
  AIRWEAVE_API_KEY: { schema: secret, meaning: 'Airweave: API key', standard: 'none' },
  AIRWEAVE_BASE_URL: {
    schema: baseUrl.prefault('https://api.airweave.ai'),
    meaning: 'Airweave: where its API is',
    standard: '`https://api.airweave.ai`',
  },
  CAMELAI_API_KEY: { schema: secret, meaning: 'camelAI: API key', standard: 'none' },
  CAMELAI_BASE_URL: {
    schema: baseUrl.prefault('https://api.camelai.com'),
    meaning: 'camelAI: where its API is',
    standard: '`https://api.camelai.com`',
  },
  KAFKA_CONNECT_URL: {
    schema: baseUrl.optional(),
    meaning: 'Kafka Connect: REST address of a worker',
    standard: 'none',
  },
  KAFKA_CONNECT_USERNAME: {
    schema: text,
    meaning: 'Kafka Connect: user, where the worker asks for one',
    standard: 'none',
  },
  KAFKA_CONNECT_PASSWORD: { schema: secret, meaning: 'Kafka Connect: password', standard: 'none' },
  HEADWATER_PLATFORM_CA_FILE: {
    schema: z.string().min(1).optional(),
    meaning: 'PEM file of an authority to trust for the platforms above, besides the public ones',
    standard: 'none',
  },
  HEADWATER_PLATFORM_TENANTS: {
    schema: z.string().transform(list).default(['local']),
    meaning: 'Tenants that may use these accounts; `*` for all of them',
    standard: '`local`',
  },
} as const;

/** What the accounts come to. A platform without what it needs is not configured. */
export interface PlatformSettings {
  streamkap: { clientId?: string; clientSecret?: Secret; url: URL };
  kaireon: { apiKey?: Secret; tenantId?: string; url: URL };
  airweave: { apiKey?: Secret; url: URL };
  camelai: { apiKey?: Secret; url: URL };
  kafkaConnect: { url?: URL; username?: string; password?: Secret };
  caFile?: string;
  tenants: readonly string[];
}

type Values = { [N in keyof typeof PLATFORM_VARIABLES]: z.output<(typeof PLATFORM_VARIABLES)[N]['schema']> };

export function platformSettings(values: Values): PlatformSettings {
  return {
    streamkap: {
      url: values.STREAMKAP_BASE_URL,
      ...set('clientId', values.STREAMKAP_CLIENT_ID),
      ...set('clientSecret', values.STREAMKAP_CLIENT_SECRET),
    },
    kaireon: {
      url: values.KAIREON_BASE_URL,
      ...set('apiKey', values.KAIREON_API_KEY),
      ...set('tenantId', values.KAIREON_TENANT_ID),
    },
    airweave: { url: values.AIRWEAVE_BASE_URL, ...set('apiKey', values.AIRWEAVE_API_KEY) },
    camelai: { url: values.CAMELAI_BASE_URL, ...set('apiKey', values.CAMELAI_API_KEY) },
    kafkaConnect: {
      ...set('url', values.KAFKA_CONNECT_URL),
      ...set('username', values.KAFKA_CONNECT_USERNAME),
      ...set('password', values.KAFKA_CONNECT_PASSWORD),
    },
    ...set('caFile', values.HEADWATER_PLATFORM_CA_FILE),
    tenants: values.HEADWATER_PLATFORM_TENANTS,
  };
}

function set<N extends string, T>(name: N, value: T | undefined): { [K in N]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [K in N]?: T };
}
