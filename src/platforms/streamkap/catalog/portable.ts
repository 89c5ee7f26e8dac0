import type { VendorField } from '../../../connectors/vendor/field.ts';
import { TLS_MODES } from '../../../net/tls.ts';
import { itemsOf, text } from './rows.ts';

/** Portable names that Streamkap has no field of its own for: the test uses them, and other fields are made of them. */

export const TLS_OF_TEST: VendorField = text(
  'TLS mode',
  'For the test only: Streamkap has no such setting here, and chooses by itself.',
  { role: 'tls_mode', enum: TLS_MODES, virtual: true },
);

/** The first of several names, where a probe can look at one. */
export const firstOf = (value: unknown) => itemsOf(value)[0];
