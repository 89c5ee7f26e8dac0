import { reached } from '../network.ts';
import type { StepOutcome } from '../probe.ts';
import { StepFailure } from '../problems/index.ts';
import { ASK_MS, forget } from './collections.ts';
import { cursorOf, docOf } from './documents.ts';
import { isDenied, refusalOf } from './errors.ts';
import { describeHello } from './hello.ts';
import { grantReading, initiateReplicaSet, scopeOf, turnStreamsOn } from './remedies.ts';
import { listOf } from './selection.ts';
import { type Session, splitName } from './session.ts';

const NOT_A_REPLICA_SET = 40573;
const AT_ONCE = 25;

/** What a stream is opened on: a collection, a database (`1`), or all of them (`1` of `admin`). */
interface On {
  database: string;
  collection: string | 1;
}

/** Opens a change stream as a consumer would, and closes it. @throws StepFailure */
export async function streamOpens(session: Session): Promise<StepOutcome> {
  const scope = scopeOf(session);
  const databases = scope.collections
    ? [...new Set(scope.collections.map((each) => splitName(each).namespace))]
    : scope.databases;
  const [only, ...more] = databases ?? [];
  const wide: On =
    only !== undefined && more.length === 0 ? { database: only, collection: 1 } : { database: 'admin', collection: 1 };
  const what = wide.database === 'admin' ? 'the whole deployment' : `the database ${only}`;
  try {
    await open(session, wide);
    return { evidence: `on ${what}` };
  } catch (error) {
    const isWider = scope.collections !== undefined || (databases?.length ?? 0) > 1;
    if (!isDenied(error) || !isWider) throw told(session, error, what);
    return await narrower(session, what);
  }
}

/** Where the wide stream is denied, each database or collection by itself may do. */
async function narrower(session: Session, wide: string): Promise<StepOutcome> {
  const { collections, databases = [] } = scopeOf(session);
  const each = collections ?? databases;
  const closed: string[] = [];
  for (let i = 0; i < each.length; i += AT_ONCE) {
    await Promise.all(
      each.slice(i, i + AT_ONCE).map(async (whole) => {
        const { namespace, name } = splitName(whole);
        const on: On = collections ? { database: namespace, collection: name } : { database: whole, collection: 1 };
        await open(session, on).catch((error: unknown) => {
          if (!isDenied(error)) throw told(session, error, whole);
          closed.push(whole);
        });
      }),
    );
  }
  const kind = collections ? 'collection' : 'database';
  if (closed.length === 0) return { evidence: `on each ${kind} by itself; not on ${wide}` };
  throw new StepFailure(
    'CDC_STREAM_RIGHTS',
    { ...session.facts, what: listOf(session, closed) },
    grantReading(
      session,
      collections ? { collections: closed } : { databases: closed },
      'For its changes to be followed.',
    ),
  );
}

async function open(session: Session, { database, collection }: On): Promise<void> {
  const all = database === 'admin' && collection === 1 ? { allChangesForCluster: true } : {};
  const answer = await session.ask(
    database,
    { aggregate: collection, pipeline: [{ $changeStream: all }], cursor: { batchSize: 0 }, maxTimeMS: ASK_MS },
    { code: 'CDC_STREAM_FAILED' },
  );
  const cursor = cursorOf(docOf(answer['cursor'])['id']);
  if (cursor) await forget(session, database, collection === 1 ? '$cmd.aggregate' : collection, cursor);
}

/** What a refusal means that is none of rights. */
function told(session: Session, error: unknown, what: string): unknown {
  if (!(error instanceof StepFailure)) return error;
  const { code, ...problem } = error.problem;
  const facts = { ...problem.facts, what };
  const details = {
    ...(problem.evidence === undefined ? {} : { evidence: problem.evidence }),
    ...(problem.driver_code === undefined ? {} : { driver_code: problem.driver_code }),
  };
  if (isDenied(error))
    return new StepFailure('CDC_STREAM_RIGHTS', facts, {
      ...details,
      ...grantReading(session, scopeOf(session), 'For its changes to be followed.'),
    });
  if (refusalOf(error) === NOT_A_REPLICA_SET) {
    const state = describeHello(reached(session.hello), (text) => session.clean(text, 60));
    return new StepFailure(
      'CDC_STANDALONE',
      { ...facts, what: state },
      { ...details, remedies: initiateReplicaSet(session, false) },
    );
  }
  if (/modifyChangeStreams|not been run|streams are not enabled/i.test(problem.evidence ?? ''))
    return new StepFailure('CDC_STREAM_OFF', facts, { ...details, remedies: turnStreamsOn(session, scopeOf(session)) });
  return code === 'CDC_STREAM_FAILED' ? new StepFailure(code, facts, details) : error;
}
