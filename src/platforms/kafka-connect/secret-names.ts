import { namesSecret } from '../../connectors/secret-names.ts';

const LIKE_SECRETS = /(passw(or)?d|passphrase|secret|token|credentials?|jaas\.config|user\.info|[._-]key)$/i;
/** Names that only look so. */
const PLAIN = /^(value|key|header)\.converter|\.column\.|key\.field|primary\.key/i;

/** Whether a setting of a connector is likely to hold a secret, by its name: Debezium's own list and a little more. */
export function isSecretName(name: string): boolean {
  if (PLAIN.test(name) && !/(passw(or)?d|secret|token)$/i.test(name)) return false;
  return LIKE_SECRETS.test(name) || namesSecret(name);
}
