import { HeadwaterError } from '../../errors.ts';
import { startSsh } from '../../net/ssh-tunnel.ts';
import { hangUp, networkSteps, reached, type Way } from '../network.ts';
import type { Probe, ProbeContext, StepSpec } from '../probe.ts';
import { sshFailure } from './failures.ts';
import { type SshFacts, type SshSettings, sshFacts } from './settings.ts';
import { ofSsh } from './steps.ts';

/** An SSH server that lets somebody else in: its key is not ours, so that what lies behind it cannot be reached. */
export interface Gate {
  /** The product behind it, in sentences. */
  server: string;
  /** Who does have the key. */
  holder: string;
  ssh: SshSettings & { ssh_host: string };
}

/** The test of what is behind a gate: as far as the SSH server's own first words. */
export function gatePlan(
  { server, holder, ssh: settings }: Gate,
  context: ProbeContext,
): ReturnType<Probe<never>['plan']> {
  const ssh = sshFacts(settings);
  if (!ssh) throw new TypeError('a gate without a server');
  const way: Way = {};
  return {
    subject: `${server} behind an SSH server at ${ssh.host}:${ssh.port}`,
    endpoint: { host: ssh.host, port: ssh.port },
    steps: [
      ...networkSteps(ssh, context, way).map(ofSsh),
      hello(ssh, context, way),
      behind(server, `only ${holder} has the key of the SSH server that leads there`),
    ],
    close: async () => hangUp({ way }),
    session: () => {
      throw new HeadwaterError('UNSUPPORTED', `Only ${holder} has the key of the SSH server that leads to ${server}.`, {
        hint: 'Give ssh_private_key as well: with it, Headwater goes through the SSH server itself. It is not sent on.',
      });
    },
  };
}

function hello(ssh: SshFacts, { redactor }: ProbeContext, way: Way): StepSpec {
  return {
    id: 'ssh_protocol',
    title: 'Speaks SSH',
    gate: true,
    limitMs: 5000,
    timeout: { code: 'SSH_PROTOCOL_TIMEOUT', facts: ssh },
    run: async (signal) => {
      way.connection = await startSsh(reached(way.socket));
      const { firstLine, hostKey } = await way.connection.hello(signal).catch((error: unknown) => {
        throw sshFailure(error, ssh, redactor);
      });
      return { evidence: `${redactor.clean(firstLine, 100)}, ${hostKey.fingerprint}` };
    },
  };
}

function behind(server: string, what: string): StepSpec {
  return {
    id: 'auth',
    title: 'Login',
    limitMs: 1000,
    timeout: { code: 'CHECK_BROKEN', facts: {} },
    run: () => ({ warning: { code: 'CREDENTIALS_ELSEWHERE', facts: { server, what } } }),
  };
}
