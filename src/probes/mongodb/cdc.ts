import { reached } from '../network.ts';
import type { StepOutcome, StepSpec } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { preImages } from './cdc-images.ts';
import { oplogWindow } from './cdc-oplog.ts';
import { streamOpens } from './cdc-stream.ts';
import { grantsOf, permits } from './grants.ts';
import { describeHello } from './hello.ts';
import { grantReading, initiateReplicaSet, scopeOf } from './remedies.ts';
import { listOf } from './selection.ts';
import { type Session, splitName } from './session.ts';

interface Check {
  id: string;
  title: string;
  run: (session: Session, failed: ReadonlySet<string>) => StepOutcome | Promise<StepOutcome>;
}

const ACTIONS = ['find', 'changeStream'] as const;
/** What one machine alone can mean by a name. */
const LOCAL_NAME = /^(localhost|127(\.\d+){3}|\[?::1\]?|0\.0\.0\.0|[^.:]+)(:\d+)?$/i;

/** Whether the server is fit for change data capture. Every check only reads; what is missing is handed out as a script. */
const CHECKS: readonly Check[] = [
  { id: 'cdc_topology', title: 'CDC: replica set or sharded cluster', run: topology },
  {
    id: 'cdc_version',
    title: 'CDC: version',
    run: ({ version, facts }) => {
      const [major = 0] = version;
      const what = version.join('.');
      if (Number.isNaN(major)) return { skip: 'the server does not name its version' };
      if (major < 4) throw new StepFailure('CDC_MONGODB_VERSION', { ...facts, what });
      return { evidence: what };
    },
  },
  { id: 'cdc_rights', title: 'CDC: rights', run: rights },
  {
    id: 'cdc_change_stream',
    title: 'CDC: a change stream opens',
    run: async (session, failed) => {
      const because = ['cdc_topology', 'cdc_rights'].find((id) => failed.has(id));
      return because === undefined ? await streamOpens(session) : { skip: because };
    },
  },
  { id: 'cdc_pre_images', title: 'CDC: documents before a change', run: preImages },
  {
    id: 'cdc_oplog',
    title: 'CDC: how long changes are kept',
    run: async (session, failed) =>
      failed.has('cdc_topology') ? { skip: 'cdc_topology' } : await oplogWindow(session),
  },
  { id: 'cdc_members', title: 'CDC: names of the members', run: memberNames },
];

export function cdcSteps(session: Session): StepSpec[] {
  const { facts } = session;
  const failed = new Set<string>();
  return CHECKS.map(({ id, title, run }) =>
    session.asks({
      id,
      title,
      depth: 'cdc',
      limitMs: 3000,
      timeout: { code: 'QUERY_TIMEOUT', facts },
      run: async () => {
        try {
          return await run(session, failed);
        } catch (error) {
          failed.add(id);
          throw error;
        }
      },
    }),
  );
}

function topology(session: Session): StepOutcome {
  const { facts, provider } = session;
  const hello = reached(session.hello);
  if (provider?.noReplication) {
    const { because, instead } = provider.noReplication;
    throw new StepFailure('CDC_NOT_OFFERED', { ...facts, what: because, fix: instead });
  }
  const evidence = describeHello(hello, (text) => session.clean(text, 60));
  if (hello.kind === 'standalone')
    throw new StepFailure(
      'CDC_STANDALONE',
      { ...facts, what: evidence },
      { evidence, remedies: initiateReplicaSet(session, false) },
    );
  return { evidence };
}

async function rights(session: Session): Promise<StepOutcome> {
  const { config, facts } = session;
  if (config.username === undefined) return { skip: 'no user is set' };
  session.grants ??= await grantsOf(session);
  const { grants } = session;
  if (!grants) return { skip: 'the server does not say what the user may do' };
  const may = (db?: string, collection?: string) => ACTIONS.every((action) => permits(grants, action, db, collection));
  const scope = scopeOf(session);
  const lacking =
    scope.collections?.filter((each) => {
      const { namespace, name } = splitName(each);
      return !may(namespace, name);
    }) ?? scope.databases?.filter((db) => !may(db));
  if (lacking ? lacking.length === 0 : may()) return { evidence: ACTIONS.join(', ') };
  const what = lacking ? listOf(session, lacking) : 'the whole deployment (name a database, and its rights are enough)';
  const gap = scope.collections ? { collections: lacking } : { databases: lacking };
  throw new StepFailure(
    'CDC_STREAM_RIGHTS',
    { ...facts, what },
    grantReading(session, gap, 'To be read, and for its changes to be followed.'),
  );
}

/** Clients of a replica set go where its members say they are. */
function memberNames(session: Session): StepOutcome {
  const { facts } = session;
  const { kind, hosts } = reached(session.hello);
  if (kind !== 'member') return { skip: 'there is no replica set to ask' };
  const evidence = listOf(session, hosts);
  const local = hosts.filter((host) => LOCAL_NAME.test(host));
  // Whoever tests from the same machine means the same by it.
  if (local.length === 0 || LOCAL_NAME.test(facts.host)) return { evidence };
  return { evidence, warning: { code: 'CDC_MEMBER_NAMES', facts: { ...facts, what: listOf(session, local) } } };
}
