import { type ProblemDetails, type Remedy, StepFailure } from '../../problems/index.ts';
import { mayReplicate, restarted } from '../remedies.ts';
import type { Row } from '../session.ts';
import { type Check, type Evidence, isTrue, numberOf } from './check.ts';
import { sessionRefusal } from './refusal.ts';

/** The server as a whole: its version, its settings, what is free of them, and the right to use them. */

const LOGICAL = restarted('wal_level', 'logical', 'Changes can be decoded only if the WAL holds enough of them.');
const LEAST = 10;

/** A changed setting: by whoever changes settings there, in the way that is done there. */
function changed(
  { provider, session }: Evidence,
  remedies: readonly Remedy[],
  name: string,
  value: string,
): ProblemDetails {
  if (!provider || provider.settingsBy === 'dba') return { remedies };
  const { host, port, username } = session.config;
  const change = provider.setting?.(name, value, { engine: 'postgresql', host, port, username });
  if (!change)
    return { actor: provider.settingsBy, advice: `Set ${name} to ${value} as ${provider.name} has it, and restart.` };
  return {
    actor: provider.settingsBy,
    advice: change.text,
    ...(change.command === undefined ? {} : { command: change.command }),
  };
}

const version: Check = {
  id: 'cdc_version',
  title: 'CDC: version',
  run: ({ session, facts }) => {
    const what = String(Math.floor(session.version / 10_000));
    if (session.version < 100_000) throw new StepFailure('CDC_VERSION', { ...facts, what });
    if (session.version < 130_000) return { warning: { code: 'CDC_VERSION_OLD', facts: { ...facts, what } } };
    return { evidence: what };
  },
};

const walLevel: Check = {
  id: 'cdc_wal_level',
  title: 'CDC: wal_level',
  run: (evidence) => {
    const level = evidence.session.clean(evidence.row['wal_level'] ?? 'unknown', 20);
    if (level === 'logical') return { evidence: level };
    const fix = changed(evidence, [LOGICAL], 'wal_level', 'logical');
    throw new StepFailure('CDC_WAL_LEVEL', { ...evidence.facts, what: level }, { evidence: level, ...fix });
  },
};

const mayByRole = (row: Row) => isTrue(row, 'replicates') || isTrue(row, 'super');
const noSenderFree = (row: Row) => (numberOf(row, 'senders_used') ?? 0) >= (numberOf(row, 'senders') ?? 0);

const role: Check = {
  id: 'cdc_role',
  title: 'CDC: replication right',
  limitMs: 5000,
  run: async ({ row, facts, session, provider, trial }) => {
    if (mayByRole(row)) return {};
    // Managed services have ways of their own to permit it. What counts is that it works.
    const tried = await trial();
    if ('system' in tried) return { evidence: 'by a right of another name: a replication session was opened' };
    const isRefused = sessionRefusal(tried.error, session).problem.code === 'CDC_ROLE';
    if (provider?.replication && !isRefused) return { skip: 'cdc_session' };
    throw new StepFailure('CDC_ROLE', facts, { remedies: [mayReplicate(facts, provider?.replication)] });
  },
};

const slots: Check = {
  id: 'cdc_slots',
  title: 'CDC: free slots and senders',
  limitMs: 5000,
  run: async (evidence) => {
    const { row, facts, catalogue, trial } = evidence;
    const slotsUsed = (await catalogue.slots()).length;
    const [most = 0, senders = 0, sendersUsed = 0] = ['slots', 'senders', 'senders_used'].map((name) =>
      numberOf(row, name),
    );
    const found = `${slotsUsed} of ${most} slots and ${sendersUsed} of ${senders} senders in use`;
    const isOwn = await hasOwnSlot(evidence);
    const needed: [string, number][] = [];
    if (slotsUsed >= most && !isOwn) needed.push(['max_replication_slots', Math.max(LEAST, slotsUsed + 5)]);
    // A session that was opened had a sender, whatever the count says.
    if (noSenderFree(row) && !('system' in (await trial())))
      needed.push(['max_wal_senders', Math.max(LEAST, sendersUsed + 5)]);
    const [first] = needed;
    if (!first) return { evidence: found };
    const remedies = needed.map(([name, value]) =>
      restarted(
        name,
        String(value),
        `None is free: ${found}. Slots that nobody reads any more can be dropped instead.`,
      ),
    );
    // With wal_level minimal a server that has senders does not start.
    const together = row['wal_level'] === 'minimal' ? [LOGICAL, ...remedies] : remedies;
    const fix = changed(evidence, together, first[0], String(first[1]));
    throw new StepFailure('CDC_NO_FREE_SLOT', { ...facts, what: found }, { evidence: found, ...fix });
  },
};

/** The slot to be used is there already, so none need be free. */
async function hasOwnSlot({ session, catalogue }: Evidence): Promise<boolean> {
  const { slot_name } = session.config;
  return slot_name !== undefined && (await catalogue.slots()).some((slot) => slot['name'] === slot_name);
}

const standby: Check = {
  id: 'cdc_standby',
  title: 'CDC: primary server',
  run: ({ row, facts, session }) => {
    if (!isTrue(row, 'standby')) return { evidence: 'primary' };
    if (session.version >= 160_000) return { evidence: 'standby that can decode (16 or newer)' };
    throw new StepFailure('CDC_STANDBY', facts);
  },
};

/** The replication session itself. What another step has told already is not told again. */
const replicationSession: Check = {
  id: 'cdc_session',
  title: 'CDC: replication session',
  limitMs: 5000,
  run: async (evidence) => {
    const { session, row, provider, trial } = evidence;
    const tried = await trial();
    if ('system' in tried) {
      const at = session.clean(tried.system['xlogpos'], 40);
      return { evidence: `opened${session.isBehindProxy ? ' through a proxy' : ''}, WAL at ${at}` };
    }
    if (provider?.noReplication) {
      const { because, instead } = provider.noReplication;
      throw new StepFailure('CDC_ENDPOINT', { ...evidence.facts, what: because, fix: instead });
    }
    const failure = sessionRefusal(tried.error, session);
    const { code } = failure.problem;
    if (code === 'CDC_ROLE' && !mayByRole(row)) return { skip: 'cdc_role' };
    if (code === 'CDC_NO_FREE_SLOT' && noSenderFree(row)) return { skip: 'cdc_slots' };
    throw failure;
  },
};

export const SERVER_CHECKS: readonly Check[] = [version, walLevel, role, slots, standby, replicationSession];
