import { HeadwaterError } from '../errors.ts';
import { StepFailure } from '../probes/problems/index.ts';
import type { Connector } from './define-connector.ts';

/**
 * Stands for a connector that a source was made with and that is not loaded now: the source is seen, renamed and deleted
 * as any other; what needs the connector says what is missing.
 */
export function absentConnector(code: string): Connector {
  const missing = () => {
    throw new HeadwaterError('CONNECTOR_NOT_FOUND', `The connector ${code} of this source is not loaded.`, {
      hint: HINT,
    });
  };
  return {
    code,
    name: code,
    category: 'api',
    aliases: [],
    keywords: [],
    fields: {},
    capabilities: [],
    prerequisites: [],
    example: {},
    schema: missing,
    probe: async () => ({
      plan: () => ({
        subject: code,
        close: async () => {},
        session: missing,
        steps: [
          {
            id: 'connector',
            title: 'The connector',
            gate: true,
            limitMs: 1000,
            timeout: { code: 'CONNECTOR_ABSENT', facts: {} },
            run: () => {
              throw new StepFailure('CONNECTOR_ABSENT', { what: code });
            },
          },
        ],
      }),
    }),
  };
}

const HINT =
  'The operator of Headwater loads it again with HEADWATER_CONNECTORS (`headwater doctor` says what was left out). ' +
  'The source can be renamed or deleted all the same.';
