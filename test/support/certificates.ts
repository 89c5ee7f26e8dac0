import { KeyObject, randomBytes, webcrypto } from 'node:crypto';

// What @peculiar/x509 is built on refuses to load without a metadata reflection API, so it comes after this.
// Nothing we use of it has metadata to find: an API that knows none is enough.
Object.assign(Reflect, { getMetadata: () => undefined, getOwnMetadata: () => undefined, defineMetadata: () => {} });
const x509 = await import('@peculiar/x509');

export interface Certificate {
  certPem: string;
  keyPem: string;
}

export interface CertificateRequest {
  /** DNS names; the first is also the common name. */
  names?: string[];
  ips?: string[];
  /** Yesterday without; a day before `notAfter` where that has passed. */
  notBefore?: Date;
  /** In a year without. */
  notAfter?: Date;
}

export interface Authority {
  certPem: string;
  issue(request: CertificateRequest): Promise<Certificate>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** Makes a certificate authority that signs whatever it is asked to: right, expired or for another host. */
export async function createAuthority(
  name = 'Headwater Test Authority',
  dates: Pick<CertificateRequest, 'notBefore' | 'notAfter'> = {},
): Promise<Authority> {
  const keys = await generateKeys();
  const issuer = `CN=${name}`;
  const root = await x509.X509CertificateGenerator.create({
    ...validity(dates),
    serialNumber: serialNumber(),
    subject: issuer,
    issuer,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return {
    certPem: root.toString('pem'),
    issue: (request) => sign(request, { issuer, keys }),
  };
}

/** Makes a certificate that only it itself vouches for. */
export function selfSigned(request: CertificateRequest): Promise<Certificate> {
  return sign(request);
}

async function sign(
  request: CertificateRequest,
  by?: { issuer: string; keys: webcrypto.CryptoKeyPair },
): Promise<Certificate> {
  const { names = [], ips = [] } = request;
  const keys = await generateKeys();
  const signer = by?.keys ?? keys;
  const subject = `CN=${names[0] ?? ips[0] ?? 'nobody'}`;
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(request),
    serialNumber: serialNumber(),
    subject,
    issuer: by?.issuer ?? subject,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...names.map((value) => ({ type: 'dns' as const, value })),
        ...ips.map((value) => ({ type: 'ip' as const, value })),
      ]),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
    ],
  });
  const keyPem = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' }).toString();
  return { certPem: certificate.toString('pem'), keyPem };
}

async function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity({ notBefore, notAfter }: CertificateRequest) {
  const end = notAfter ?? new Date(Date.now() + 365 * DAY_MS);
  const start = notBefore ?? new Date(Math.min(Date.now(), end.getTime()) - DAY_MS);
  return { notBefore: start, notAfter: end };
}

// A leading 01 keeps the number positive and of full length, which DER insists on.
function serialNumber(): string {
  return `01${randomBytes(15).toString('hex')}`;
}
