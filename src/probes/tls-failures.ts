import type { Socket } from 'node:net';
import { networkFailure, systemCode } from './network.ts';
import { type Facts, type ProblemCode, StepFailure } from './problems/index.ts';

/**
 * OpenSSL's reasons, as Node names them (`ERR_SSL_` + the reason). With TLS 1.3 a server judges the client's certificate
 * after the handshake, so that its alert comes with the first bytes of what follows.
 */
const REASONS: readonly { codes: RegExp; problem: ProblemCode }[] = [
  {
    codes: /ALERT_PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW|INAPPROPRIATE_FALLBACK/,
    problem: 'TLS_TOO_OLD',
  },
  { codes: /CERTIFICATE_REQUIRED|PEER_DID_NOT_RETURN_A_CERTIFICATE/, problem: 'CLIENT_CERTIFICATE_REQUIRED' },
  {
    codes:
      /ALERT_(BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED|CERTIFICATE_REVOKED|UNSUPPORTED_CERTIFICATE|ACCESS_DENIED|DECRYPT_ERROR)/,
    problem: 'CLIENT_CERTIFICATE_REJECTED',
  },
  { codes: /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|HTTP_REQUEST/, problem: 'TLS_NOT_SPOKEN' },
];

/** What Node says of PEM text that it cannot use, before it connects. */
const UNUSABLE_KEY = /^ERR_OSSL_|^ERR_CRYPTO_|KEY_VALUES_MISMATCH|^ERR_SSL_(EE|CA|CERT)_?\w*/;

/** A handshake that failed. */
export function handshakeFailure(error: unknown, facts: Facts): StepFailure {
  if (error instanceof StepFailure) return error;
  const code = systemCode(error) ?? '';
  const known = tlsReason(code, facts);
  if (known) return known;
  if (UNUSABLE_KEY.test(code)) return unusableKey(code, facts);
  // OpenSSL's own codes name the reason; system codes mean that the connection went away.
  const isReason = code !== '' && (!code.startsWith('E') || code.startsWith('ERR_') || code === 'EPROTO');
  if (isReason) return new StepFailure('TLS_FAILED', facts, { driver_code: code });
  return networkFailure(error, facts, 'TLS_FAILED');
}

/** A connection that went away: because the server did not like our certificate, or for a reason that it keeps. */
export function connectionLost(socket: Socket, facts: Facts): StepFailure {
  return tlsReason(systemCode(socket.errored) ?? '', facts) ?? new StepFailure('CONNECTION_LOST', facts);
}

function tlsReason(code: string, facts: Facts): StepFailure | undefined {
  const problem = REASONS.find(({ codes }) => code.startsWith('ERR_SSL_') && codes.test(code))?.problem;
  return problem && new StepFailure(problem, facts, { driver_code: code });
}

function unusableKey(code: string, facts: Facts): StepFailure {
  const what = KEY_FAULTS.find(({ codes }) => codes.test(code))?.what ?? 'they cannot be read';
  return new StepFailure('CLIENT_KEY_UNUSABLE', { ...facts, what }, { driver_code: code });
}

const SEALED = 'the key is protected by a passphrase';

/** A client key that needs a passphrase, which there is none for. */
export function sealedKey(facts: Facts): StepFailure {
  return new StepFailure('CLIENT_KEY_UNUSABLE', { ...facts, what: SEALED });
}

const KEY_FAULTS: readonly { codes: RegExp; what: string }[] = [
  { codes: /KEY_VALUES_MISMATCH/, what: 'the key is not that of the certificate' },
  { codes: /PASSWORD|BAD_DECRYPT|INTERRUPTED|CANCELLED/, what: SEALED },
  { codes: /NO_START_LINE|UNSUPPORTED|BAD_BASE64|DECODE|ASN1/, what: 'the key is no PEM text of a private key' },
  { codes: /(EE|CA)_KEY_TOO_SMALL|MD_TOO_WEAK/, what: 'the key or the signature of the certificate is too weak' },
];
