import { Socket } from 'node:net';
import { vi } from 'vitest';

/** What was asked of the network, and nothing else: no lookup and no connection leaves this process. */
export interface Traffic {
  /** Names that were looked up, in their order. */
  readonly lookups: string[];
  /** `address port` of each connection that was begun. */
  readonly dials: string[];
  /** Answers by name; a list of lists is answered in turn. Whoever is not there is at `PUBLIC`. */
  answers: Readonly<Record<string, readonly string[] | readonly (readonly string[])[]>>;
  lookup: (name: string) => Promise<readonly string[]>;
  /** Forgets what there was. */
  clear: () => void;
}

export const PUBLIC = '93.184.216.34';

/**
 * Counts at the two doors that every packet goes through: the lookup that the app is given, and `connect` of every
 * socket of this process. A connection that is begun is refused here. `vi.restoreAllMocks()` ends it.
 */
export function countTraffic(): Traffic {
  const traffic: Traffic = {
    lookups: [],
    dials: [],
    answers: {},
    lookup: async (name) => {
      traffic.lookups.push(name);
      const said = traffic.answers[name] ?? [PUBLIC];
      const turn = traffic.lookups.filter((each) => each === name).length - 1;
      return Array.isArray(said[0]) ? ((said[turn] ?? said.at(-1)) as string[]) : (said as string[]);
    },
    clear: () => {
      traffic.lookups.length = 0;
      traffic.dials.length = 0;
      traffic.answers = {};
    },
  };
  vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
    const [options] = args.flat() as [{ host?: string; port?: number; path?: string }];
    traffic.dials.push(options.path ?? `${options.host} ${options.port}`);
    process.nextTick(() => this.destroy(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })));
    return this;
  });
  return traffic;
}
