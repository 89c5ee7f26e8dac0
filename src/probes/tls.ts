import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Target } from '../net/egress.ts';
import {
  type CertificateFault,
  type ClientCertificate,
  secure,
  type TlsFacts,
  type TlsMode,
  type TlsShape,
} from '../net/tls.ts';
import type { Redactor } from '../secrets/redact.ts';
import type { Secret } from '../secrets/secret.ts';
import type { ProbeContext, StepOutcome } from './probe.ts';
import { type Facts, type Problem, type ProblemCode, StepFailure } from './problems/index.ts';
import { handshakeFailure, sealedKey } from './tls-failures.ts';

const SOON_DAYS = 30;
const LONGEST_NAME = 100;
const SHOWN_NAMES = 3;

/** Which faults each mode forbids. `prefer` and `require` encrypt and check nothing, as the databases define them. */
const FORBIDDEN: Readonly<Record<TlsMode, readonly CertificateFault[]>> = {
  disable: [],
  prefer: [],
  require: [],
  'verify-ca': ['expired', 'not_yet_valid', 'authority_expired', 'self_signed', 'untrusted'],
  'verify-full': ['expired', 'not_yet_valid', 'authority_expired', 'self_signed', 'untrusted', 'wrong_name'],
};

const FAULT_CODES: Readonly<Record<CertificateFault, ProblemCode>> = {
  expired: 'TLS_EXPIRED',
  not_yet_valid: 'TLS_NOT_YET_VALID',
  authority_expired: 'TLS_AUTHORITY_EXPIRED',
  self_signed: 'TLS_SELF_SIGNED',
  untrusted: 'TLS_UNTRUSTED',
  wrong_name: 'TLS_WRONG_NAME',
};

export interface TlsOptions {
  mode: TlsMode;
  ca?: string | undefined;
  client?: ClientCertificate | undefined;
  shape?: TlsShape | undefined;
}

/** The TLS fields of a config, as they are used. */
export function tlsOptions({ tls_mode: mode, tls_ca: ca, tls_cert: cert, tls_key: key }: TlsFields): TlsOptions {
  return { mode, ca, ...(cert && key ? { client: { cert, key: key.reveal() } } : {}) };
}

interface TlsFields {
  tls_mode: TlsMode;
  tls_ca?: string | undefined;
  tls_cert?: string | undefined;
  tls_key?: Secret | undefined;
}

/** Node would try such a key with an empty passphrase, for as long as whoever sealed it has chosen. */
const SEALED_KEY = /\bENCRYPTED\b/;

/**
 * TLS on a socket whose server has agreed to it. Nothing is sent over it before the mode's checks have passed.
 * @throws StepFailure with the certificate's facts as evidence
 */
export async function upgrade(
  socket: Duplex,
  target: Pick<Target, 'host' | 'servername'>,
  options: TlsOptions & { facts: Facts; context: ProbeContext; signal: AbortSignal },
): Promise<{ socket: TLSSocket; outcome: StepOutcome }> {
  const { mode, ca, client, shape, facts, context, signal } = options;
  if (client && SEALED_KEY.test(client.key)) throw sealedKey(facts);
  const secured = await secure(socket, target, { ca, client, shape, signal, now: context.now() }).catch(
    (error: unknown) => {
      throw handshakeFailure(error, facts);
    },
  );
  const shown = cleaned(secured.facts, context.redactor);
  const evidence = describe(shown, mode);
  const fault = shown.faults.find((candidate) => FORBIDDEN[mode].includes(candidate));
  if (fault) {
    secured.socket.destroy();
    throw new StepFailure(FAULT_CODES[fault], { ...facts, what: WHAT[fault](shown) }, { evidence });
  }
  const warning = expiry(shown, facts);
  return { socket: secured.socket, outcome: warning ? { evidence, warning } : { evidence } };
}

/** The names in a certificate are the server's words. */
function cleaned(facts: TlsFacts, { clean }: Redactor): TlsFacts {
  const name = (text: string) => clean(text, LONGEST_NAME);
  return { ...facts, subject: name(facts.subject), issuer: name(facts.issuer), names: facts.names.map(name) };
}

const WHAT: Readonly<Record<CertificateFault, (facts: TlsFacts) => string>> = {
  expired: ({ daysLeft }) => days(-daysLeft),
  not_yet_valid: () => '',
  authority_expired: ({ issuer }) => issuer,
  self_signed: () => '',
  untrusted: ({ issuer }) => issuer,
  wrong_name: ({ names, subject }) => names.slice(0, 5).join(', ') || subject,
};

function describe({ protocol, subject, issuer, names, daysLeft, faults }: TlsFacts, mode: TlsMode): string {
  const life = daysLeft < 0 ? `expired ${days(-daysLeft)} ago` : `${days(daysLeft)} left`;
  const checked = FORBIDDEN[mode].length === 0 ? `certificate not checked (${mode})` : 'certificate trusted';
  const found = faults.length > 0 ? faults.join(', ').replaceAll('_', ' ') : checked;
  const others = names.filter((name) => name !== subject).slice(0, SHOWN_NAMES);
  const also = others.length > 0 ? ` (also ${others.join(', ')})` : '';
  return `${protocol}, ${subject}${also}, issued by ${issuer}, ${life}, ${found}`;
}

function expiry({ daysLeft }: TlsFacts, facts: Facts): Problem | undefined {
  if (daysLeft >= SOON_DAYS) return undefined;
  const what = daysLeft < 0 ? `expired ${days(-daysLeft)} ago` : `expires in ${days(daysLeft)}`;
  return { code: 'CERTIFICATE_EXPIRES', facts: { ...facts, what } };
}

function days(count: number): string {
  return `${count} day${count === 1 ? '' : 's'}`;
}
