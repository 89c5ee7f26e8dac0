import { readClientKey } from '../../net/ssh-client-key.ts';
import { SshFault } from '../../net/ssh-fault.ts';
import { HOST_KEY_KINDS, type HostKey } from '../../net/ssh-host-key.ts';
import type { SshCredentials } from '../../net/ssh-login.ts';
import { type SshConnection, startSsh } from '../../net/ssh-tunnel.ts';
import { type Link, networkSteps, permitted, reached, type Way } from '../network.ts';
import type { ProbeContext, StepOutcome, StepSpec } from '../probe.ts';
import { type Facts, type ProblemCode, StepFailure } from '../problems/index.ts';
import { admissionCommand, admissionLine } from './admission-line.ts';
import { keyFailure, sshFailure, tunnelFailure } from './failures.ts';
import { type SshFacts, type SshSettings, sshFacts } from './settings.ts';

type TargetFacts = Required<Pick<Facts, 'host' | 'port' | 'server'>>;

/** The steps every TCP protocol begins with: straight, or through an SSH server where the config names one. */
export function reachSteps(facts: TargetFacts, context: ProbeContext, link: Link, settings: SshSettings): StepSpec[] {
  const ssh = sshFacts(settings);
  if (!ssh) return networkSteps(facts, context, link);
  const way: Way = {};
  link.way = way;
  return [
    targetPolicy(facts, context, link),
    ...networkSteps(ssh, context, way).map(ofSsh),
    ...loginSteps(ssh, context, way, settings, facts),
    tunnelStep(facts, ssh, context, link, way),
  ];
}

/** What the network's steps are called, and how they fail, where they lead to an SSH server. */
export function ofSsh({ depth: _, ...step }: StepSpec): StepSpec {
  const code = (plain: ProblemCode) => `SSH_${plain}` as ProblemCode;
  return {
    ...step,
    id: `ssh_${step.id}`,
    title: `SSH server: ${step.title}`,
    timeout: { ...step.timeout, code: code(step.timeout.code) },
    run: async (...args) => {
      try {
        return await step.run(...args);
      } catch (error) {
        if (!(error instanceof StepFailure)) throw error;
        const { code: plain, facts, ...details } = error.problem;
        throw new StepFailure(code(plain), facts, details);
      }
    },
  };
}

/** Before anything is dialled. What is private behind the SSH server is reached by whoever may log in to it. */
function targetPolicy(facts: TargetFacts, { egress }: ProbeContext, link: Link): StepSpec {
  return {
    id: 'name_policy',
    title: 'Host name is permitted',
    gate: true,
    limitMs: 1000,
    timeout: { code: 'HOST_REFUSED', facts },
    run: () => {
      const { host, kind } = permitted(() => egress.admitRemote(facts.host), facts);
      link.target = { host, port: facts.port, addresses: [], ...(kind === 'name' ? { servername: host } : {}) };
      return undefined;
    },
  };
}

function loginSteps(
  ssh: SshFacts,
  context: ProbeContext,
  way: Way,
  settings: SshSettings,
  target: TargetFacts,
): StepSpec[] {
  const { redactor } = context;
  let hostKey: HostKey | undefined;
  const failed = (error: unknown): never => {
    throw sshFailure(error, ssh, redactor);
  };
  return [
    {
      id: 'ssh_protocol',
      title: 'Speaks SSH',
      gate: true,
      limitMs: 5000,
      timeout: { code: 'SSH_PROTOCOL_TIMEOUT', facts: ssh },
      run: async (signal) => {
        way.connection = await startSsh(reached(way.socket));
        const hello = await way.connection.hello(signal).catch(failed);
        hostKey = hello.hostKey;
        return { evidence: redactor.clean(hello.firstLine, 100) };
      },
    },
    {
      id: 'ssh_host_key',
      title: 'SSH host key',
      gate: true,
      limitMs: 5000,
      timeout: { code: 'SSH_PROTOCOL_TIMEOUT', facts: ssh },
      run: async (signal) => {
        const shown = reached(hostKey);
        const outcome = await judged(shown, settings.ssh_host_key, ssh, way, signal).catch(failed);
        way.hostKey = settings.ssh_host_key ?? shown.fingerprint;
        return outcome;
      },
    },
    {
      id: 'ssh_auth',
      title: 'SSH login',
      gate: true,
      limitMs: 5000,
      timeout: { code: 'SSH_AUTH_TIMEOUT', facts: ssh },
      run: async (signal) => {
        const credentials = await credentialsOf(settings, ssh, signal);
        await reached(way.connection)
          .logIn(credentials, signal)
          .catch((error: unknown) => {
            throw explained(sshFailure(error, ssh, redactor), credentials, target);
          });
        return { evidence: `as ${ssh.username} (${'key' in credentials ? 'key' : 'password'})` };
      },
    },
  ];
}

/** Whether the key is the pinned one, or another of the same server's. */
async function judged(
  shown: HostKey,
  pinned: string | undefined,
  ssh: SshFacts,
  way: Way,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const evidence = `${shown.fingerprint} (${shown.kind})`;
  if (pinned === undefined) {
    return { evidence, warning: { code: 'SSH_HOST_KEY_UNPINNED', facts: { ...ssh, what: shown.fingerprint } } };
  }
  if (shown.fingerprint === pinned) return { evidence: `${evidence}, as pinned` };
  const connection = await withPinned(pinned, shown.kind, way, signal);
  if (!connection) {
    const what = `${shown.fingerprint} in place of ${pinned}`;
    throw new StepFailure('SSH_HOST_KEY_CHANGED', { ...ssh, what }, { evidence });
  }
  way.connection?.close();
  way.connection = connection;
  return { evidence: `${pinned}, as pinned` };
}

/** Servers have a key of each kind and show the one that is asked for first: asks for the others in turn. */
async function withPinned(
  pinned: string,
  seen: string,
  way: Way,
  signal: AbortSignal,
): Promise<SshConnection | undefined> {
  const isSeen = (kinds: readonly string[]) =>
    kinds.includes(seen) || (seen === 'ssh-rsa' && kinds.includes('rsa-sha2-512'));
  for (const kinds of HOST_KEY_KINDS.filter((each) => !isSeen(each))) {
    const connection = await startSsh(await reached(way.dial)(signal), kinds);
    try {
      if ((await connection.hello(signal)).hostKey.fingerprint === pinned) return connection;
    } catch (error) {
      // Such a key it does not have.
      if (!(error instanceof SshFault)) {
        connection.close();
        throw error;
      }
    }
    connection.close();
  }
  return undefined;
}

async function credentialsOf(settings: SshSettings, ssh: SshFacts, signal: AbortSignal): Promise<SshCredentials> {
  const { ssh_private_key, ssh_passphrase, ssh_password } = settings;
  const { username } = ssh;
  if (ssh_private_key === undefined) return { username, password: ssh_password?.reveal() ?? '' };
  const [text, passphrase] = [ssh_private_key.reveal(), ssh_passphrase?.reveal()];
  const key = await readClientKey(text, passphrase, signal).catch((error: unknown) => {
    throw keyFailure(error, ssh);
  });
  return { username, key };
}

const GIVE: Readonly<Record<'key' | 'password', string>> = {
  key: 'Give ssh_password in place of ssh_private_key, or have keys permitted (PubkeyAuthentication).',
  password: 'Give ssh_private_key in place of ssh_password, or have passwords permitted (PasswordAuthentication).',
};

/** With what only this login knows: the line that would let its key in, what to give instead. */
function explained({ problem }: StepFailure, credentials: SshCredentials, target: TargetFacts): StepFailure {
  const { code, facts, ...details } = problem;
  if (code === 'SSH_AUTH_METHOD') {
    return new StepFailure(code, { ...facts, fix: GIVE['key' in credentials ? 'key' : 'password'] }, details);
  }
  if (code !== 'SSH_KEY_REJECTED' || !('key' in credentials)) return new StepFailure(code, facts, details);
  const line = admissionLine(credentials.key.publicLine, target);
  const command = admissionCommand(line, credentials.username);
  return new StepFailure(code, { ...facts, what: line }, { ...details, ...(command === undefined ? {} : { command }) });
}

function tunnelStep(facts: TargetFacts, ssh: SshFacts, { redactor }: ProbeContext, link: Link, way: Way): StepSpec {
  return {
    id: 'tunnel',
    title: 'Connection through the SSH server',
    gate: true,
    depth: 'tcp',
    limitMs: 5000,
    timeout: {
      code: 'TUNNEL_TIMEOUT',
      facts: { ...ssh, host: facts.host, port: facts.port, what: `${ssh.host}:${ssh.port}` },
    },
    run: async (signal) => {
      const { host, port } = reached(link.target);
      link.dial = (until) =>
        reached(way.connection)
          .open(host, port, until)
          .catch((error: unknown) => {
            throw tunnelFailure(error, facts, ssh, redactor);
          });
      link.socket = await link.dial(signal);
      return { evidence: `${ssh.host} → ${facts.host}:${facts.port}` };
    },
  };
}
