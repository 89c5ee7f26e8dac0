import { StepFailure } from '../../problems/index.ts';
import { grantsOf } from '../grants.ts';
import { holds, READS_THE_LOG } from '../privileges.ts';
import { lacksRight, numberOf } from '../refusals.ts';
import { right } from '../remedies.ts';
import { refuseEndpoint } from './endpoint.ts';
import { type Check, isOn } from './look.ts';

/** Begins to read the log as a replica does, from where it ends, and lets go at once. */
export const STREAM_CHECKS: readonly Check[] = [
  {
    id: 'cdc_session',
    title: 'CDC: the log can be read',
    run: async (look, session) => {
      if (!isOn(look.variables.get('log_bin'))) return { skip: 'cdc_log_bin' };
      const position = await look.position();
      const mayRead = holds(await grantsOf(session), READS_THE_LOG);
      if (position === 'denied' || !position || !mayRead) return { skip: 'cdc_grants' };
      const { facts, asking } = session;
      try {
        await session.streamLog(position);
        return { evidence: session.clean(`from ${position.file}, ${position.position}`, 120) };
      } catch (error) {
        if (!(error instanceof StepFailure) || numberOf(error) === undefined) throw error;
        refuseEndpoint(session);
        const { evidence, driver_code } = error.problem;
        const said = {
          ...(evidence === undefined ? {} : { evidence }),
          ...(driver_code === undefined ? {} : { driver_code }),
        };
        if (!lacksRight(error)) throw new StepFailure('CDC_SESSION_REFUSED', facts, said);
        const remedies = right(asking, 'REPLICATION SLAVE', '*.*', 'Reading the binary log as a replica does.');
        throw new StepFailure('CDC_GRANTS', { ...facts, what: 'REPLICATION SLAVE' }, { ...said, remedies });
      }
    },
  },
];
