import type { Duplex } from 'node:stream';
import { checkServerIdentity, connect, type PeerCertificate, rootCertificates, type TLSSocket } from 'node:tls';
import type { Target } from './egress.ts';

/** TLS modes by the names PostgreSQL gave them (libpq, sslmode); other databases' words map to these. */
export const TLS_MODES = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof TLS_MODES)[number];

/** What a certificate check found wrong, most telling first. */
export type CertificateFault =
  | 'expired'
  | 'not_yet_valid'
  | 'authority_expired'
  | 'self_signed'
  | 'untrusted'
  | 'wrong_name';

export interface TlsFacts {
  protocol: string;
  subject: string;
  issuer: string;
  names: readonly string[];
  /** Whole days until the certificate expires; negative when it has. */
  daysLeft: number;
  faults: readonly CertificateFault[];
}

/** A certificate to show to the server, and its key, both as PEM text. */
export interface ClientCertificate {
  cert: string;
  key: string;
}

export interface SecureSocket {
  socket: TLSSocket;
  facts: TlsFacts;
}

/** What a protocol wants of TLS besides. */
export interface TlsShape {
  /** The newest version that it can carry. */
  newest?: 'TLSv1.2';
  /** The name of the protocol inside (ALPN). */
  alpn?: string;
}

/**
 * Upgrades a connected socket to TLS and reports what the certificate is worth. It verifies but does not refuse:
 * the caller knows which faults its mode forbids, and sends nothing before it has looked.
 * @throws Node's TLS errors for a handshake that fails, or a client certificate and key that cannot be used
 */
export function secure(
  socket: Duplex,
  target: Pick<Target, 'host' | 'servername'>,
  options: {
    ca?: string | undefined;
    client?: ClientCertificate | undefined;
    shape?: TlsShape | undefined;
    signal: AbortSignal;
    now: Date;
  },
): Promise<SecureSocket> {
  const { newest, alpn } = options.shape ?? {};
  return new Promise((resolve, reject) => {
    const tls = connect({
      socket,
      rejectUnauthorized: false,
      // Node would report a wrong name in place of whether the certificate is trusted; `faultsOf` looks at both.
      checkServerIdentity: () => undefined,
      ...(target.servername === undefined ? {} : { servername: target.servername }),
      ...(options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }),
      ...(newest === undefined ? {} : { maxVersion: newest }),
      ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      ...options.client,
    });
    const settle = (finish: () => void) => {
      options.signal.removeEventListener('abort', onAbort);
      tls.off('error', onError);
      tls.off('close', onClose);
      finish();
    };
    // An alert is reported without an end of the socket: with one, whoever reads on finds the reason in `errored`.
    tls.on('error', (error) => tls.destroy(error));
    const fail = (error: unknown) =>
      settle(() => {
        tls.destroy();
        reject(error);
      });
    const onAbort = () => fail(options.signal.reason);
    const onError = (error: Error) => fail(error);
    const onClose = () => fail(Object.assign(new Error('closed during the TLS handshake'), { code: 'ECONNRESET' }));
    options.signal.addEventListener('abort', onAbort, { once: true });
    tls.once('error', onError);
    tls.once('close', onClose);
    tls.once('secureConnect', () => settle(() => resolve({ socket: tls, facts: factsOf(tls, target, options.now) })));
  });
}

const DAY_MS = 86_400_000;

function factsOf(tls: TLSSocket, target: Pick<Target, 'host'>, now: Date): TlsFacts {
  const certificate = tls.getPeerCertificate();
  const daysLeft = Math.floor((Date.parse(certificate.valid_to) - now.getTime()) / DAY_MS);
  return {
    protocol: tls.getProtocol() ?? 'TLS',
    subject: nameOf(certificate.subject),
    issuer: nameOf(certificate.issuer),
    names: alternativeNames(certificate),
    daysLeft,
    faults: faultsOf(tls, target, certificate, now),
  };
}

function faultsOf(
  tls: TLSSocket,
  target: Pick<Target, 'host'>,
  certificate: PeerCertificate,
  now: Date,
): CertificateFault[] {
  const faults: CertificateFault[] = [];
  if (tls.authorizationError) faults.push(trustFault(String(tls.authorizationError), certificate, now));
  if (checkServerIdentity(target.host, certificate) !== undefined) faults.push('wrong_name');
  return faults;
}

/** OpenSSL's code is of the whole chain: only the certificate's own dates say that it is the one that has expired. */
function trustFault(code: string, { valid_from, valid_to }: PeerCertificate, now: Date): CertificateFault {
  if (Date.parse(valid_to) < now.getTime()) return 'expired';
  if (Date.parse(valid_from) > now.getTime()) return 'not_yet_valid';
  if (code === 'CERT_HAS_EXPIRED') return 'authority_expired';
  return code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ? 'self_signed' : 'untrusted';
}

function nameOf(subject: PeerCertificate['subject'] | undefined): string {
  const name = subject?.CN ?? subject?.O ?? 'unnamed';
  return Array.isArray(name) ? name.join(', ') : name;
}

function alternativeNames(certificate: PeerCertificate): string[] {
  return (certificate.subjectaltname ?? '')
    .split(', ')
    .map((entry) => entry.replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '');
}
