import type { ProbeContext, StreamPosition } from '../probe.ts';
import type { Facts } from '../problems/index.ts';
import type { Product } from './product.ts';

/** What the server is asked by, when it refuses. */
export interface Asking {
  facts: Facts & Required<Pick<Facts, 'host' | 'port' | 'server' | 'username'>>;
  context: ProbeContext;
  product: Product;
  /** What the account is to be able to do. */
  wanted: { databases: readonly string[]; tables: readonly StreamPosition[] | undefined; cdc: boolean };
  /** Our end of the connection, as far as we know. */
  address?: string | undefined;
  /** The account that the login was matched to, `reader@%`, once it is known. */
  account?: string | undefined;
  /** Whether a password was given. */
  password: boolean;
  /** The config forbids TLS that the server offers. */
  shunsTls: boolean;
}
