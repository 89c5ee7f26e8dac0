import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import type { Secret } from '../secrets/secret.ts';
import { blockList, isPrivateAddress, normaliseHost } from './address.ts';
import { createEgress, type Egress, type Lookup } from './egress.ts';
import type { HttpAnswer } from './http.ts';
import { type CertificateFault, secure } from './tls.ts';

/** Why a server that the operator has set gave no answer. */
export type NoAnswer =
  | 'clear text'
  | 'ca file'
  | 'refused'
  | 'metadata'
  | 'unknown host'
  | 'unreachable'
  | 'timeout'
  | 'lost'
  | 'tls'
  | CertificateFault;

const WORDS: Readonly<Record<NoAnswer, string>> = {
  'clear text': 'its URL is http:// to a public address',
  'ca file': 'the file of its certificate authority cannot be read',
  refused: 'nothing listens there',
  metadata: 'its address is one that is never connected to',
  'unknown host': 'its host name is not known',
  unreachable: 'there is no way to it from here',
  timeout: 'it did not answer in time',
  lost: 'the connection was lost',
  tls: 'no TLS connection could be made',
  expired: 'its certificate has expired',
  not_yet_valid: 'its certificate is not valid yet',
  authority_expired: 'the authority of its certificate has expired',
  self_signed: 'its certificate is signed by nobody that is trusted',
  untrusted: 'its certificate is signed by nobody that is trusted',
  wrong_name: 'its certificate is for another name',
};

/** The same as the end of a sentence: `it did not answer in time`. */
export function whyNoAnswer(reason: NoAnswer): string {
  return WORDS[reason];
}

export class ServerFailure extends Error {
  readonly reason: NoAnswer;
  constructor(reason: NoAnswer, cause?: unknown) {
    super(reason, { cause });
    this.name = 'ServerFailure';
    this.reason = reason;
  }
}

export interface OperatorServer {
  /** Its address, with the path that stands before all others. */
  url: URL;
  /** PEM file of an authority to trust besides the public ones. */
  caFile?: string | undefined;
}

export type Get = (path: string, headers: Readonly<Record<string, string | Secret>>) => Promise<HttpAnswer>;

/** A connected socket to the server, encrypted and checked where its URL says so. @throws ServerFailure */
export type OpenServer = (signal: AbortSignal) => Promise<Socket>;

const LIMIT_MS = 5_000;
const MOST_BYTES = 512 * 1024;

/**
 * Connects to one server that the operator has set, and to no other: the egress policy is for what agents name, so its
 * host is open, cloud metadata apart. Nothing goes to a public address without TLS, and certificates are checked in full
 * before anything is sent.
 */
export function openerOf({ url, caFile }: OperatorServer, now: () => Date, lookup?: Lookup): OpenServer {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const egress = createEgress({
    policy: { allowPrivate: true, allowHosts: new Set([normaliseHost(host).host]), allowCidrs: blockList([]) },
    ...(lookup ? { lookup } : {}),
  });
  const isTls = url.protocol === 'https:';
  const port = Number(url.port) || (isTls ? 443 : 80);
  return async (signal) => {
    let socket: Socket | undefined;
    try {
      const target = await judged(egress, host, port, signal);
      // Headers may hold secrets.
      if (!isTls && !target.addresses.every(({ address }) => isPrivateAddress(address))) {
        throw new ServerFailure('clear text');
      }
      socket = await egress.connect(target, signal);
      if (!isTls) return socket;
      const ca = caFile === undefined ? undefined : await authorityIn(caFile);
      const secured = await secure(socket, target, { ca, signal, now: now() }).catch((error: unknown) => {
        throw signal.aborted ? error : new ServerFailure('tls', error);
      });
      socket = secured.socket;
      const [fault] = secured.facts.faults;
      if (fault) throw new ServerFailure(fault);
      return socket;
    } catch (error) {
      socket?.destroy();
      throw failureOf(error, signal);
    }
  };
}

/**
 * Asks such a server. Redirects are not followed, and an answer is read for 5 s and up to 512 KiB.
 * @throws ServerFailure
 */
export function getFrom(server: OperatorServer, now: () => Date, lookup?: Lookup): Get {
  const { url } = server;
  const open = openerOf(server, now, lookup);
  return async (path, headers) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const socket = await open(signal);
    try {
      const request = { method: 'GET' as const, path: url.pathname.replace(/\/$/, '') + path, headers };
      // Loaded now: a server that never asks does not carry it.
      const { exchangeOver, readBounded } = await import('./http.ts');
      return await readBounded(await exchangeOver(socket, url.origin, request, signal), MOST_BYTES);
    } catch (error) {
      throw failureOf(error, signal);
    } finally {
      socket.destroy();
    }
  };
}

async function authorityIn(file: string): Promise<string> {
  try {
    const pem = await readFile(file, 'utf8');
    // TLS would pass over a certificate that it cannot read, and then trust nobody.
    new X509Certificate(pem);
    return pem;
  } catch (error) {
    throw new ServerFailure('ca file', error);
  }
}

async function judged(egress: Egress, host: string, port: number, signal: AbortSignal) {
  const name = refusable(() => egress.admitName(host));
  const resolved = await Promise.race([egress.lookup(name, port), aborted(signal)]);
  return refusable(() => egress.judge(resolved));
}

/** The one thing that is not open to an operator either. */
function refusable<T>(judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    throw new ServerFailure('metadata', error);
  }
}

/** A name lookup cannot be cut off; it is left behind. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

const REASONS: Readonly<Record<string, NoAnswer>> = {
  ENOTFOUND: 'unknown host',
  ENODATA: 'unknown host',
  EAI_AGAIN: 'unknown host',
  EAI_FAIL: 'unknown host',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
};

/** What went wrong, told as one reason. */
export function failureOf(error: unknown, signal: AbortSignal): ServerFailure {
  if (error instanceof ServerFailure) return error;
  if (signal.aborted) return new ServerFailure('timeout', error);
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return new ServerFailure(REASONS[code] ?? 'lost', error);
}
