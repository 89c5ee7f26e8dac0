import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadwaterError } from '../../src/errors.ts';
import type { CredentialForm, Opener, Submitted } from '../../src/sources/credential-form.ts';
import type { Handover, SubmitHooks, TestReport, TestStep } from '../../src/transports/pages/ports.ts';

export const RIGHT = 'c0rrect horse';
/** Said in place of a password, has the server be out of reach. */
export const UNREACHABLE = 'unreachable';
const MOST_BAD_OPENS = 5;

export interface FakeHandover extends Handover {
  /** A new session; its nonce. */
  begin(changes?: Partial<CredentialForm>, owner?: { tenant: string; subject: string }): string;
  /** What was accepted, by nonce. */
  given: Map<string, Readonly<Record<string, string>>>;
  /** Every use, as it came. */
  calls: string[];
  expire(nonce: string): void;
}

interface Session {
  form: CredentialForm;
  opener?: string;
  owner: { tenant: string; subject: string } | undefined;
  badOpens: number;
}

export const FORM: CredentialForm = {
  sessionId: 'cs_1',
  state: 'waiting',
  connector: 'PostgreSQL',
  matchCode: 'KX7-42M',
  expiresAt: '',
  known: [
    { title: 'Host', value: 'db.example.com' },
    { title: 'Port', value: '5432' },
    { title: 'Database', value: 'shop' },
  ],
  fields: [
    {
      path: 'username',
      title: 'User name',
      description: 'Who logs in.',
      secret: false,
      multiline: false,
      required: true,
    },
    { path: 'password', title: 'Password', description: '', secret: true, multiline: false, required: true },
    {
      path: 'tls_key',
      title: 'Client key',
      description: 'PEM.',
      secret: true,
      multiline: true,
      required: false,
    },
  ],
  takesConnectionString: true,
};

const step = (id: string, title: string, more: Partial<TestStep> = {}): TestStep => ({
  id,
  title,
  status: 'pass',
  ms: 2.4,
  ...more,
});

const report = (steps: TestStep[], headline: string): TestReport => {
  const ok = steps.every(({ status }) => status === 'pass');
  return {
    ok,
    verdict: ok ? 'ok' : 'failed',
    headline,
    depth: 'auth',
    latency_ms: 20,
    steps,
    warnings: [],
    tested_at: '2026-11-20T12:00:00Z',
  };
};

const WORKS = report(
  [step('tcp', 'Connection'), step('tls', 'TLS'), step('auth', 'Login')],
  'PostgreSQL at db.example.com:5432 works.',
);
const WRONG = report(
  [
    step('tcp', 'Connection'),
    step('tls', 'TLS', { evidence: 'TLS 1.3 <b>bold</b>' }),
    step('auth', 'Login', {
      status: 'fail',
      code: 'AUTH_REJECTED',
      message: 'The server rejected user app',
      fields: ['username', 'password'],
      actor: 'user',
      fix: { text: 'Check the user name and the password.' },
    }),
    step('database', 'Database', { status: 'skip', ms: 0, because: 'auth' }),
  ],
  'The server rejected user app. Check the user name and the password.',
);
const OUT_OF_REACH = report(
  [
    step('tcp', 'Connection', {
      status: 'fail',
      code: 'TCP_TIMEOUT',
      message: 'Nothing answers at db.example.com:5432',
      actor: 'network_admin',
      fix: { text: 'Open the firewall for 192.0.2.1.', command: 'allow 192.0.2.1' },
    }),
    step('auth', 'Login', { status: 'skip', ms: 0, because: 'tcp' }),
  ],
  'Nothing answers at db.example.com:5432.',
);

/** The hand-over behind the page, played: as strict as the real one about who opens it, with a test that takes 0.1 s, or 1 s for `slow`. */
export function fakeHandover(): FakeHandover {
  const sessions = new Map<string, Session>();
  const given: FakeHandover['given'] = new Map();
  const calls: string[] = [];
  let begun: { nonce: string; origin: string; token: string } | undefined;
  const find = (nonce: string, { token, principal }: Opener): Session | undefined => {
    const session = sessions.get(nonce);
    if (!session || Date.parse(session.form.expiresAt) < Date.now() || session.badOpens >= MOST_BAD_OPENS) return;
    const { owner, opener } = session;
    const isOwner = !owner || (owner.tenant === principal?.tenant && owner.subject === principal.subject);
    if (isOwner && (opener === undefined || opener === token)) return session;
    session.badOpens++;
    return undefined;
  };
  const test = async (values: Readonly<Record<string, string>>, { onStep, signal }: SubmitHooks) => {
    const whole = values['connection_string'];
    const password = whole === undefined ? values['password'] : decodeURIComponent(new URL(whole).password);
    const result = password === RIGHT ? WORKS : password === UNREACHABLE ? OUT_OF_REACH : WRONG;
    for (const [at, each] of result.steps.entries()) {
      await sleep(values['username'] === 'slow' ? 300 : 30);
      if (signal.aborted) throw new HeadwaterError('CANCELLED', 'The test was cancelled.');
      onStep(each, at + 1, result.steps.length);
    }
    return result;
  };
  return {
    given,
    calls,
    begin(changes = {}, owner) {
      const nonce = randomBytes(32).toString('base64url');
      const expiresAt = new Date(Date.now() + 600_000).toISOString();
      sessions.set(nonce, { form: { ...FORM, expiresAt, ...changes }, owner, badOpens: 0 });
      return nonce;
    },
    expire(nonce) {
      const session = sessions.get(nonce);
      if (session) session.form = { ...session.form, expiresAt: new Date(0).toISOString() };
    },
    async open(nonce, opener) {
      calls.push('open');
      const session = find(nonce, opener);
      if (!session) return undefined;
      if (session.opener !== undefined) return { form: session.form };
      session.opener = randomBytes(32).toString('base64url');
      return { form: session.form, token: session.opener };
    },
    async submit(nonce, opener, values, hooks): Promise<Submitted | undefined> {
      calls.push('submit');
      const session = opener.token === undefined ? undefined : find(nonce, opener);
      if (!session) return undefined;
      if (values['username'] === 'limited') {
        throw new HeadwaterError('RATE_LIMITED', 'Too many tests.', { hint: 'Wait a minute.' });
      }
      if (values['username'] === 'fault') throw new TypeError(`fault near ${values['password']}`);
      const tested = hooks.skipTest ? undefined : await test(values, hooks);
      if (tested?.ok === false) return { state: 'waiting', problems: [], report: tested };
      given.set(nonce, values);
      session.form = { ...session.form, state: 'ready' };
      return { state: 'ready', problems: [], ...(tested ? { report: tested } : {}) };
    },
    async startSignIn(nonce, opener, origin, values) {
      const session = opener.token === undefined ? undefined : find(nonce, opener);
      if (!session) return undefined;
      if (values['username'] === undefined) return { problems: [{ path: 'username', message: 'is required' }] };
      begun = { nonce, origin, token: randomBytes(32).toString('base64url') };
      return { redirect: `https://provider.example/authorize?state=x&back=${origin}`, token: begun.token };
    },
    async finishSignIn(query, origin, token) {
      if (!begun || query.get('state') !== 'x' || origin !== begun.origin || token !== begun.token) return undefined;
      const { nonce } = begun;
      begun = undefined;
      if (query.has('error')) {
        return { nonce, submitted: { state: 'waiting', problems: [{ path: '', message: 'The provider said no' }] } };
      }
      given.set(nonce, { code: query.get('code') ?? '' });
      return { nonce, submitted: { state: 'ready', problems: [], report: WORKS } };
    },
  };
}
