import type { VendorField, VendorFields } from '../../../connectors/vendor/field.ts';

/**
 * The ways in which KaireonAI keeps credentials (`authMethod`, `authConfig`). Of the keys inside `authConfig` its pages
 * name `username` and `password` alone; all others are the caller's to name, in `credentials`.
 */

const credentials = (description: string): VendorField => ({
  type: 'json',
  title: 'Credentials',
  description: `${description} A JSON object, under the keys that KaireonAI's form for this type has.`,
  required: true,
  secret: true,
  aka: ['authConfig', 'auth_config'],
});

const OTHER: VendorFields = {
  auth_method: {
    type: 'string',
    title: 'Auth method',
    description: "KaireonAI's own word for the method, as its form sends it.",
    required: true,
    max: 100,
    aka: ['authMethod'],
  },
  credentials: credentials('What the method needs.'),
};

/** A login with user and password. The user is never given back, so it is asked for only with a new password. */
export const LOGIN = {
  none: {},
  access_key: {
    username: {
      type: 'string',
      title: 'User',
      description: 'Required with a password.',
      role: 'username',
      min: 1,
      max: 255,
    },
    password: {
      type: 'string',
      title: 'Password',
      description: "The user's password.",
      role: 'password',
      required: true,
      secret: true,
    },
  },
  other: OTHER,
} as const satisfies Readonly<Record<string, VendorFields>>;

/** Keys whose names are not published. */
export const KEYS = {
  none: {},
  access_key: { credentials: credentials('Keys or tokens.') },
  other: OTHER,
} as const satisfies Readonly<Record<string, VendorFields>>;

/** Keys, or a role of AWS that KaireonAI takes on. */
export const KEYS_OR_ROLE = {
  none: {},
  access_key: KEYS.access_key,
  iam_role: { credentials: credentials('The role to take on, and its external id.') },
  other: OTHER,
} as const satisfies Readonly<Record<string, VendorFields>>;
