import type { VendorField } from '../../../connectors/vendor/field.ts';
import { TLS_MODES } from '../../../net/tls.ts';

/** What rows of Streamkap's tables are written with. Keys, types, defaults and bounds: facts of the vendor's API. */

type More = Partial<Omit<VendorField, 'type' | 'title' | 'description'>>;

export const text = (title: string, description: string, more: More = {}): VendorField => ({
  type: 'string',
  title,
  description,
  ...more,
});

export const needed = (title: string, description: string, more: More = {}): VendorField =>
  text(title, description, { required: true, ...more });

export const secret = (title: string, description: string, more: More = {}): VendorField =>
  text(title, description, { secret: true, ...more });

export const flag = (title: string, description: string, standard: boolean, more: More = {}): VendorField => ({
  type: 'boolean',
  title,
  description,
  default: standard,
  ...more,
});

export const choice = (
  title: string,
  description: string,
  options: readonly [string, ...string[]],
  more: More = {},
): VendorField => text(title, description, { default: options[0], enum: options, ...more });

export const whole = (
  title: string,
  description: string,
  standard: number,
  [min, max]: readonly [number?, number?] = [],
  more: More = {},
): VendorField => ({
  type: 'integer',
  title,
  description,
  default: standard,
  ...(min === undefined ? {} : { min }),
  ...(max === undefined ? {} : { max }),
  ...more,
});

export const port = (title: string, description: string, standard: string, more: More = {}): VendorField => ({
  type: 'port',
  title,
  description,
  default: standard,
  ...more,
});

export const tasks = (standard: number, most: number) =>
  whole('Tasks', 'How many tasks may work at the same time, at most.', standard, [1, most]);

/** Several names: text with commas at Streamkap, a list everywhere else. What is a pattern names no one table. */
export const LIST: NonNullable<VendorField['portable']> = {
  take: (value) => (Array.isArray(value) ? value.join(',') : value),
  give: (value) => {
    const names = itemsOf(value).filter((name) => !PATTERN.test(name));
    return names.length > 0 ? names : undefined;
  },
};

const PATTERN = /[*+?|()[\]{}\\^]/;

export function itemsOf(value: unknown): string[] {
  if (typeof value !== 'string') return [];
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A field that says TLS or none, by its two values there. */
export const tlsOf = (on: unknown, off: unknown): NonNullable<VendorField['portable']> => ({
  take: (value) => (value === 'disable' ? off : isMode(value) ? on : value),
  give: (value) => (value === off ? 'disable' : 'require'),
});

const isMode = (value: unknown) => TLS_MODES.some((mode) => mode === value);

/** What counts only while another field has one of these values. */
export const when = (field: string, ...is: readonly unknown[]) => ({ field, is });
