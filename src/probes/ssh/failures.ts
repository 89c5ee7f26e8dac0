import { UnusableKey } from '../../net/ssh-client-key.ts';
import { SshFault, type SshFaultKind } from '../../net/ssh-fault.ts';
import type { Redactor } from '../../secrets/redact.ts';
import { fingerprint } from '../fingerprint.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import type { SshFacts } from './settings.ts';

const CODES: Readonly<Record<Exclude<SshFaultKind, 'channel'>, ProblemCode>> = {
  not_ssh: 'SSH_WRONG_PROTOCOL',
  busy: 'SSH_BUSY',
  no_common: 'SSH_NO_COMMON_ALGORITHM',
  lost: 'SSH_CONNECTION_LOST',
  password_rejected: 'SSH_AUTH_REJECTED',
  key_rejected: 'SSH_KEY_REJECTED',
  way: 'SSH_AUTH_METHOD',
  more: 'SSH_SECOND_FACTOR',
  too_many: 'SSH_TOO_MANY_FAILURES',
  password_expired: 'SSH_PASSWORD_EXPIRED',
};

/** What the words of a fault are the server's answer to. */
const EVIDENCE: Partial<Record<SshFaultKind, string>> = {
  no_common: 'the server has',
  password_rejected: 'it takes',
  key_rejected: 'it takes',
  way: 'it takes',
};

const LONGEST_SAID = 200;

/** What went wrong with the SSH server itself; anything that is no fault of that kind is rethrown as it is. */
export function sshFailure(error: unknown, facts: SshFacts, { clean }: Redactor): StepFailure {
  if (error instanceof StepFailure) return error;
  if (!(error instanceof SshFault) || error.kind === 'channel') throw error;
  const { said = '', sort, reason, bytes } = error.details;
  const shown = clean(said, LONGEST_SAID).trim();
  const what = bytes ? fingerprint(bytes) : (sort ?? shown);
  return new StepFailure(
    CODES[error.kind],
    { ...facts, what },
    {
      ...(shown === '' ? {} : { evidence: `${EVIDENCE[error.kind] ?? 'the server says:'} ${shown}` }),
      ...(reason === undefined ? {} : { driver_code: `disconnect ${reason}` }),
    },
  );
}

const UNREADABLE: Readonly<Record<'unreadable' | 'public' | 'kind', string>> = {
  unreadable: 'it is no private key in OpenSSH or PEM format',
  public: 'it is a public key; the private one is needed',
  kind: 'it is of a kind that is not used here (Ed25519, ECDSA and RSA are)',
};

/** What is wrong with the private key; anything else is rethrown as it is. */
export function keyFailure(error: unknown, facts: SshFacts): StepFailure {
  if (!(error instanceof UnusableKey)) throw error;
  if (error.fault === 'passphrase_missing') return new StepFailure('SSH_PASSPHRASE_MISSING', facts);
  if (error.fault === 'passphrase_wrong') return new StepFailure('SSH_PASSPHRASE_WRONG', facts);
  return new StepFailure('SSH_KEY_UNREADABLE', { ...facts, what: UNREADABLE[error.fault] });
}

/** RFC 4254, 5.1. */
const CHANNEL = { PROHIBITED: 1, CONNECT_FAILED: 2, UNKNOWN_TYPE: 3 } as const;
/** How systems and name services call it. Looked at only where the number says that connecting failed. */
const WORDS: readonly (readonly [RegExp, ProblemCode])[] = [
  [/refused/i, 'TUNNEL_REFUSED'],
  [/timed? ?out/i, 'TUNNEL_TIMEOUT'],
  [/not known|unknown host|does not resolve|no address|name resolution|no such host/i, 'TUNNEL_NAME_UNKNOWN'],
];

/** Why the SSH server did not connect to `target`. */
export function tunnelFailure(
  error: unknown,
  { host, port }: Required<Pick<Facts, 'host' | 'port'>>,
  facts: SshFacts,
  redactor: Redactor,
): StepFailure {
  if (!(error instanceof SshFault) || error.kind !== 'channel') return sshFailure(error, facts, redactor);
  const { reason, said = '' } = error.details;
  const shown = redactor.clean(said, LONGEST_SAID);
  const by = { ...facts, host, port, what: `${facts.host}:${facts.port}` };
  return new StepFailure(channelCode(reason, shown), by, {
    driver_code: `open ${reason}`,
    ...(shown === '' ? {} : { evidence: `the SSH server says: ${shown}` }),
  });
}

function channelCode(reason: number | undefined, said: string): ProblemCode {
  if (reason === CHANNEL.PROHIBITED || reason === CHANNEL.UNKNOWN_TYPE) return 'SSH_FORWARDING_DENIED';
  if (reason !== CHANNEL.CONNECT_FAILED) return 'TUNNEL_UNREACHABLE';
  return WORDS.find(([words]) => words.test(said))?.[1] ?? 'TUNNEL_UNREACHABLE';
}
