import type { VendorField } from '../../../connectors/vendor/field.ts';

type More = Partial<Omit<VendorField, 'title' | 'description'>>;
type Make = (title: string, description: string, more?: More) => VendorField;

const of =
  (base: More & Pick<VendorField, 'type'>): Make =>
  (title, description, more = {}) => ({ title, description, ...base, ...more });

export const text = of({ type: 'string' });
export const flag = of({ type: 'boolean', default: false });
export const list = of({ type: 'strings' });
export const whole = of({ type: 'integer' });

/** A credential that must be there. */
export const key = of({ type: 'string', required: true, secret: true });
/** A part of the credentials that is none by itself. */
export const part = of({ type: 'string', required: true });

/** Where the service is, as a URL. */
export const url = of({
  type: 'string',
  role: 'url',
  canonical: originOf,
  aka: ['url', 'base_url', 'endpoint'],
  pattern: { is: /^(https?:\/\/[^\s/?#@]+(\/\S*)?)?$/i, says: 'must be an http or https address without credentials' },
});

/** Where it is, as a host alone. */
export const host = of({ type: 'string', role: 'host', aka: ['host', 'hostname', 'domain'] });

export const DATE = { is: /^\d{4}-\d\d-\d\d$/, says: 'must be a date such as 2026-01-31' };
export const DATE_OR_SLASHES = {
  is: /^\d{4}([/-])\d\d\1\d\d$/,
  says: 'must be a date such as 2026/01/31 or 2026-01-31',
};

function originOf(value: unknown): unknown {
  const text = String(value);
  const whole = /^https?:\/\//i.test(text) ? text : `https://${text}`;
  return URL.canParse(whole) ? new URL(whole).origin : text;
}
