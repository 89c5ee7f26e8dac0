import type { StepSpec } from '../../probe.ts';
import { providerOf } from '../../providers/index.ts';
import type { Catalogue } from '../catalogue.ts';
import { type Trial, tryReplication } from '../replication.ts';
import type { Session } from '../session.ts';
import type { Check } from './check.ts';
import { PUBLICATION_CHECK } from './publication.ts';
import { SERVER_CHECKS } from './server.ts';
import { OTHER_SLOTS_CHECK, SLOT_CHECK } from './slot.ts';
import { CAPTURED_CHECK, KEYS_CHECK } from './tables.ts';
import { HEADROOM_CHECK, TRANSACTIONS_CHECK } from './wal.ts';

/** Whether the server, the user and the tables are fit for change data capture. Every check only reads. */
const CHECKS: readonly Check[] = [
  ...SERVER_CHECKS,
  SLOT_CHECK,
  // A table is made fit for a publication before it is put into one.
  CAPTURED_CHECK,
  KEYS_CHECK,
  PUBLICATION_CHECK,
  TRANSACTIONS_CHECK,
  HEADROOM_CHECK,
  OTHER_SLOTS_CHECK,
];

/** The replication session is opened once, beside everything else. */
export class ReplicationTrial {
  readonly #session: Session;
  #trial: Promise<Trial> | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  result(): Promise<Trial> {
    this.#trial ??= tryReplication(this.#session);
    return this.#trial;
  }
}

export function cdcSteps(session: Session, catalogue: Catalogue, trial: ReplicationTrial): StepSpec[] {
  const { facts, config } = session;
  const { host, port, username } = config;
  const provider = providerOf({ engine: 'postgresql', host, port, username });
  return CHECKS.map(({ id, title, limitMs = 3000, run }) => ({
    id,
    title,
    depth: 'cdc',
    limitMs,
    timeout: { code: 'QUERY_TIMEOUT', facts },
    run: async () => {
      if (session.version < 100_000 && id !== 'cdc_version') return { skip: 'cdc_version' };
      const row = await catalogue.facts();
      return run({ session, facts, catalogue, row, provider, trial: () => trial.result() });
    },
  }));
}
