import { HeadwaterError } from '../../errors.ts';
import { broken } from './vault-failures.ts';

const ADDRESS = 'A person must check HEADWATER_VAULT_ADDR.';
const CERTIFICATE = 'A person must mend the certificate of Vault.';

/** Why Vault gave no answer: the reasons of `net/operator-http.ts`, each with what to do. */
const REASONS: Readonly<Record<string, readonly [why: string, hint: string, retryable?: true]>> = {
  'ca file': [
    'the file of HEADWATER_VAULT_CA_FILE holds no certificate that can be read',
    'A person must put the certificate of the authority into it, as PEM.',
  ],
  refused: ['nothing listens at the address of Vault', `${ADDRESS} Is Vault running?`, true],
  'clear text': [
    'Vault is at a public address, and the token is not sent there without TLS',
    'A person must set HEADWATER_VAULT_ADDR to https://….',
  ],
  metadata: ['the address of Vault is a cloud metadata service, which is never asked', ADDRESS],
  'unknown host': ['there is no host of the name in HEADWATER_VAULT_ADDR', ADDRESS, true],
  unreachable: ['there is no route to Vault', 'A person must check the network between Headwater and Vault.', true],
  timeout: ['Vault did not answer within 5 s', 'Try again. If it stays so, a person must check the network.', true],
  lost: ['the connection to Vault was lost, or what answers is not HTTP', ADDRESS, true],
  tls: ['the TLS handshake with Vault failed', `${ADDRESS} A server without TLS is http://….`],
  expired: ['the certificate of Vault has expired', CERTIFICATE],
  not_yet_valid: ['the certificate of Vault is not valid yet', `${CERTIFICATE} Is the clock right?`],
  self_signed: ['the certificate of Vault is self-signed', 'A person must put it into HEADWATER_VAULT_CA_FILE.'],
  untrusted: [
    'the certificate of Vault is from an authority that is not trusted',
    'A person must put the certificate of that authority into HEADWATER_VAULT_CA_FILE.',
  ],
  wrong_name: ['the certificate of Vault is for another name', ADDRESS],
};

/** Of a reference that could not be asked for. */
export function noAnswer(name: string, error: unknown): HeadwaterError {
  if (error instanceof HeadwaterError) return error;
  const reason = error instanceof Error && 'reason' in error ? String(error.reason) : '';
  const [why, hint, retryable = false] = REASONS[reason] ?? ['Vault could not be asked', ADDRESS];
  return broken(name, why, hint, retryable);
}
