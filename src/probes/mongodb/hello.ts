import { type Doc, docsOf, numberOf, textOf, textsOf } from './documents.ts';
import { refusalOf } from './errors.ts';
import type { Hello } from './known.ts';
import type { Session } from './session.ts';

const COMMAND_NOT_FOUND = 59;
const CLIENT = { driver: { name: 'headwater', version: '1' }, os: { type: process.platform } };

/** "hello", or what it was called before 4.4.2. `named`: with the user, whose ways to log in the server then tells. */
export async function sayHello(session: Session, { named = true } = {}): Promise<Hello> {
  const { config, authSource, srv } = session;
  const more = {
    helloOk: true,
    client: CLIENT,
    ...(config.username === undefined || !named ? {} : { saslSupportedMechs: `${authSource}.${config.username}` }),
    ...(srv.loadBalanced ? { loadBalanced: true } : {}),
  };
  try {
    return read(await session.ask('admin', { hello: 1, ...more }));
  } catch (error) {
    if (refusalOf(error) !== COMMAND_NOT_FOUND) throw error;
    return read(await session.ask('admin', { isMaster: 1, ...more }));
  }
}

function read(answer: Doc): Hello {
  const setName = textOf(answer['setName']);
  return {
    kind:
      answer['msg'] === 'isdbgrid'
        ? 'router'
        : setName !== undefined
          ? 'member'
          : answer['isreplicaset'] === true
            ? 'uninitiated'
            : 'standalone',
    setName,
    primary: answer['isWritablePrimary'] === true || answer['ismaster'] === true,
    secondary: answer['secondary'] === true,
    arbiter: answer['arbiterOnly'] === true,
    hosts: [...textsOf(answer['hosts']), ...textsOf(answer['passives'])],
    wireVersion: numberOf(answer['maxWireVersion']) ?? 0,
    mechanisms: Array.isArray(answer['saslSupportedMechs']) ? textsOf(answer['saslSupportedMechs']) : undefined,
  };
}

/** The oldest release that each version of the wire is of; where the server does not name its release. */
const RELEASES: readonly (readonly [wire: number, release: string])[] = [
  [25, '8.0'],
  [21, '7.0'],
  [17, '6.0'],
  [13, '5.0'],
  [9, '4.4'],
  [8, '4.2'],
  [7, '4.0'],
  [6, '3.6'],
];

export function releaseOf({ wireVersion }: Hello): string {
  return RELEASES.find(([wire]) => wireVersion >= wire)?.[1] ?? '3.4';
}

/** In what state a server is, for people. */
export function describeHello({ kind, setName, primary, secondary, arbiter }: Hello, clean: (text: string) => string) {
  if (kind === 'router') return 'a router of a sharded cluster (mongos)';
  if (kind === 'standalone') return 'a server of its own, in no replica set';
  if (kind === 'uninitiated') return 'a member of a replica set that was never initiated';
  const state = primary ? 'the primary' : secondary ? 'a secondary' : arbiter ? 'an arbiter' : 'a recovering member';
  return `${state} of the replica set ${clean(setName ?? '')}`;
}

/** Documents of a first batch. */
export function batchOf(answer: Doc): Doc[] {
  const { cursor } = answer as { cursor?: Doc };
  return docsOf(cursor?.['firstBatch']);
}
