import type { Secret } from '../secrets/secret.ts';

/** One request to an API that the operator has set. */
export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** From the first slash; what stands in the URL of the API comes before it. Variable parts are encoded already. */
  path: string;
  /** Lists become repeated parameters; what is undefined is left out. */
  query?: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
  headers?: Readonly<Record<string, string | Secret>>;
  /** Sent as JSON. `Secret`s inside it are opened on their way out and nowhere else. */
  body?: unknown;
}

export interface ApiAnswer {
  status: number;
  /** By names in small letters. */
  headers: Readonly<Record<string, string>>;
  /** Parsed, where it is JSON; undefined where it is empty or anything else. */
  json: unknown;
  /** The beginning of what is not JSON: from outside, and data. */
  text: string;
}
