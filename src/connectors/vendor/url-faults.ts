import type { ConfigFault } from '../define-connector.ts';
import { urlText } from '../http-fields.ts';

/** What is wrong with a URL that a platform takes as plain text: credentials in it would be kept, and shown, in clear. */
export function urlFaults(field: string): (config: Readonly<Record<string, unknown>>) => ConfigFault[] {
  return (config) => {
    const value = config[field];
    if (value === undefined) return [];
    const { error } = urlText().safeParse(value);
    return error ? [{ path: field, message: error.issues[0]?.message ?? 'cannot be used' }] : [];
  };
}
