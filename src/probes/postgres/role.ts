import type { StepOutcome, StepSpec } from '../probe.ts';
import type { Remedy } from '../problems/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { Row, Session } from './session.ts';
import { literal, quote, relation, type TableName } from './sql.ts';
import { type Surplus, surplusRights } from './surplus.ts';

const SOON_DAYS = 30;
const DAY_S = 86_400;
/** A test, a reader and a change stream. */
const FEW_CONNECTIONS = 3;

/** Attributes of a role that a reader has no use for: as the facts call them, in words, and as SQL. */
const ATTRIBUTES = [
  ['creates_databases', 'may create databases', 'CREATEDB'],
  ['creates_roles', 'may create roles', 'CREATEROLE'],
  ['bypasses_row_security', 'bypasses row security', 'BYPASSRLS'],
] as const;

/** What is worth knowing of the user itself. Nothing here keeps a source from working. */
export function roleSteps(session: Session, catalogue: Catalogue): StepSpec[] {
  const timeout = { code: 'QUERY_TIMEOUT', facts: session.facts } as const;
  return [
    {
      id: 'role',
      title: 'Rights no wider than needed',
      limitMs: 3000,
      timeout,
      run: async () => overPrivilege(session, await catalogue.facts(), await surplusOf(session, catalogue)),
    },
    {
      id: 'role_limits',
      title: 'The user stays valid',
      limitMs: 3000,
      timeout,
      run: async () => limits(session, await catalogue.facts()),
    },
  ];
}

/** Of the selected tables, or of the one that was found. */
async function surplusOf(session: Session, catalogue: Catalogue): Promise<(Surplus & TableName)[]> {
  if (session.config.tables) return (await catalogue.tables()).filter(({ found }) => found);
  const row = await catalogue.readableTable();
  if (!row || row['may_write'] === undefined) return [];
  return [
    { namespace: row['namespace'] ?? '', name: row['name'] ?? '', ...surplusRights(row, session.facts.username) },
  ];
}

function overPrivilege(session: Session, row: Row, tables: readonly (Surplus & TableName)[]): StepOutcome {
  const { facts } = session;
  const { username } = facts;
  if (row['super'] === 't') {
    const advice = `Give Headwater a role of its own that may only read, and leave ${username} to people.`;
    return { warning: { code: 'ROLE_TOO_POWERFUL', facts: { ...facts, what: 'it is a superuser' }, advice } };
  }
  const attributes = ATTRIBUTES.filter(([name]) => row[name] === 't');
  const written = tables.filter(({ mayWrite }) => mayWrite);
  const schemas = [...new Set(tables.filter(({ creates }) => creates).map(({ namespace }) => namespace))];
  const shown = written.slice(0, 3).map((table) => session.clean(relation(table), 140));
  const what = [
    ...attributes.map(([, words]) => `it ${words}`),
    ...(shown.length > 0
      ? [`it may change rows of ${shown.join(', ')}${written.length > shown.length ? ' and more' : ''}`]
      : []),
    ...(schemas.length > 0
      ? [`it may create tables in ${schemas.map((name) => session.clean(name, 63)).join(', ')}`]
      : []),
  ];
  if (what.length === 0) return {};
  const isFit = (name: string) => session.fitForSql([name]).length > 0;
  const remedies = [
    ...attributes.map(([, words, sql]) => without(username, words, sql)),
    ...written
      .filter((table) => table.writes !== '' && isFit(relation(table)))
      .map((table) => unwritten(username, table)),
    ...schemas.filter(isFit).map((schema) => uncreating(username, schema)),
  ];
  const problem = { code: 'ROLE_TOO_POWERFUL', facts: { ...facts, what: what.join('; ') } } as const;
  return { warning: remedies.length > 0 ? { ...problem, remedies } : problem };
}

function without(username: string, words: string, attribute: string): Remedy {
  return {
    stage: 'account',
    why: `${username} ${words}.`,
    script: `ALTER ROLE ${quote(username)} NO${attribute};`,
    undo: `ALTER ROLE ${quote(username)} ${attribute};`,
  };
}

function unwritten(username: string, table: Surplus & TableName): Remedy {
  // The server's own words for its rights, and no others.
  const rights = table.writes
    .split(', ')
    .filter((right) => /^[A-Z]+$/.test(right))
    .join(', ');
  const on = `${rights} ON TABLE ${relation(table)}`;
  return {
    stage: 'right',
    why: `${username} may change rows of ${relation(table)}.`,
    script: `REVOKE ${on} FROM ${quote(username)};`,
    undo: `GRANT ${on} TO ${quote(username)};`,
  };
}

function uncreating(username: string, schema: string): Remedy {
  const on = `CREATE ON SCHEMA ${quote(schema)}`;
  return {
    stage: 'right',
    why: `${username} may create tables in ${schema}.`,
    script: `REVOKE ${on} FROM ${quote(username)};`,
    undo: `GRANT ${on} TO ${quote(username)};`,
  };
}

function limits(session: Session, row: Row): StepOutcome {
  const { facts } = session;
  const until = Number(row['valid_until_s'] ?? 0);
  // Older versions write infinity as 0.
  const seconds = until === 0 ? Number.POSITIVE_INFINITY : until - Number(row['now']);
  const connections = Number(row['connections'] ?? -1);
  if (seconds < SOON_DAYS * DAY_S) {
    const days = Math.floor(Math.abs(seconds) / DAY_S);
    const count = `${days} day${days === 1 ? '' : 's'}`;
    const what = seconds < 0 ? `expired ${count} ago` : `expires in ${count}`;
    return { warning: { code: 'ROLE_EXPIRES', facts: { ...facts, what }, remedies: [valid(session, row)] } };
  }
  if (connections >= 0 && connections < FEW_CONNECTIONS) {
    const what = `its limit is ${connections}`;
    const remedy: Remedy = {
      stage: 'account',
      why: `A reader and a change stream need sessions of their own.`,
      script: `ALTER ROLE ${quote(facts.username)} CONNECTION LIMIT 10;`,
      undo: `ALTER ROLE ${quote(facts.username)} CONNECTION LIMIT ${connections};`,
    };
    return { warning: { code: 'ROLE_FEW_CONNECTIONS', facts: { ...facts, what }, remedies: [remedy] } };
  }
  return row['valid_until'] ? { evidence: `valid until ${session.clean(row['valid_until'], 40)}` } : {};
}

function valid(session: Session, row: Row): Remedy {
  const { username } = session.facts;
  const until = session.clean(row['valid_until'], 40);
  return {
    stage: 'account',
    why: `The password of ${username} ends ${until}. Rather than for ever, it can be valid until a day of yours.`,
    script: `ALTER ROLE ${quote(username)} VALID UNTIL 'infinity';`,
    undo: `ALTER ROLE ${quote(username)} VALID UNTIL ${literal(until)};`,
  };
}
