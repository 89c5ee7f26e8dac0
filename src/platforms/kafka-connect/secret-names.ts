import { namesSecret } from '../../connectors/secret-names.ts';

const LIKE_SECRETS =
  /(passw(or)?ds?|passphrases?|secrets?|tokens?|credentials?|jaas\.config|auth\.user\.info|keystore\.key|basic\.auth)$/i;

/** Whether a setting of a connector is likely to hold a secret, by its name: Debezium's own list and a little more. */
export function isSecretName(name: string): boolean {
  return LIKE_SECRETS.test(name) || namesSecret(name);
}
