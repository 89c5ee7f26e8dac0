import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterFailure,
  afterRequestToWait,
  type Circuit,
  FAILURES_TO_OPEN,
  leased,
  released,
  waitForCircuit,
} from '../../../src/net/breaker.ts';

const SECOND = 1000;
const HOUR = 3_600_000;
const last = { code: 'TCP_REFUSED', message: 'Nothing listens there.' };
/** The middle of the jitter. */
const random = 0.5;

/** After failures at these times, each by whoever held the lease. */
function failing(times: readonly number[], before?: Circuit): Circuit {
  let circuit = before;
  for (const now of times) circuit = afterFailure(circuit, { last, leaseId: circuit?.leaseId, now, random });
  if (!circuit) throw new Error('nothing failed');
  return circuit;
}

const openAt = (now: number) => failing(Array(FAILURES_TO_OPEN).fill(now));

describe('a circuit', () => {
  it('opens with the fifth failure in a row, for 30 s', () => {
    expect(waitForCircuit(failing([1, 2, 3, 4]), 5)).toBe(0);
    const circuit = failing([1, 2, 3, 4, 5]);
    expect(waitForCircuit(circuit, 5)).toBe(30 * SECOND);
    expect(waitForCircuit(circuit, 5 + 30 * SECOND)).toBe(0);
  });

  it('doubles its pause with each failed try, up to 10 minutes', () => {
    let now = 0;
    let circuit = openAt(now);
    const pauses: number[] = [];
    for (let n = 0; n < 7; n += 1) {
      const pause = waitForCircuit(circuit, now);
      pauses.push(pause / SECOND);
      now += pause;
      circuit = failing([now], leased(circuit, 'mine', now, 15 * SECOND));
    }
    expect(pauses).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  it('varies its pause by a fifth to either side', () => {
    const pauseWith = (chance: number) =>
      waitForCircuit(afterFailure(failing([0, 0, 0, 0]), { last, leaseId: undefined, now: 0, random: chance }), 0);
    expect(pauseWith(0)).toBe(24 * SECOND);
    expect(pauseWith(0.999_999)).toBe(36 * SECOND);
  });

  it('does not open wider for what was under way when it opened', () => {
    const circuit = openAt(0);
    const late = afterFailure(circuit, { last, leaseId: undefined, now: SECOND, random });
    expect(waitForCircuit(late, SECOND)).toBe(29 * SECOND);
  });

  it('lets nobody else try while one does, and the next one when that one never came back', () => {
    const now = 30 * SECOND;
    const circuit = leased(openAt(0), 'mine', now, 15 * SECOND);
    expect(waitForCircuit(circuit, now)).toBe(15 * SECOND);
    expect(waitForCircuit(circuit, now + 15 * SECOND)).toBe(0);
    expect(waitForCircuit(released(circuit, 'mine'), now)).toBe(0);
    expect(waitForCircuit(released(circuit, 'another'), now)).toBe(15 * SECOND);
  });

  it('does not count failures that lie an hour apart as in a row', () => {
    expect(waitForCircuit(failing([0, 0, 0, 0, HOUR]), HOUR)).toBe(0);
    expect(failing([0, 0, 0, 0, HOUR]).failures).toBe(1);
  });

  it('leaves alone who asked for it, no longer than an hour', () => {
    expect(waitForCircuit(afterRequestToWait(last, 17 * SECOND, 0), 0)).toBe(17 * SECOND);
    expect(waitForCircuit(afterRequestToWait(last, 100 * HOUR, 0), 0)).toBe(HOUR);
  });

  it('never lets anybody wait for longer than an hour, whatever the clock did', () => {
    const time = fc.integer({ min: 0, max: 10 * HOUR });
    const event = fc.oneof(
      fc.record({
        what: fc.constant('failure'),
        at: time,
        mine: fc.boolean(),
        chance: fc.double({ min: 0, max: 0.99 }),
      }),
      fc.record({ what: fc.constant('lease'), at: time }),
      fc.record({ what: fc.constant('request'), at: time, waitMs: time }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), time, (events, now) => {
        let circuit: Circuit | undefined;
        for (const one of events) {
          if ('chance' in one) {
            const leaseId = one.mine ? circuit?.leaseId : undefined;
            circuit = afterFailure(circuit, { last, leaseId, now: one.at, random: one.chance });
          } else if ('waitMs' in one) circuit = afterRequestToWait(last, one.waitMs, one.at);
          else circuit = circuit && leased(circuit, 'a lease', one.at, 15 * SECOND);
        }
        const wait = circuit ? waitForCircuit(circuit, now) : 0;
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(HOUR);
      }),
    );
  });
});
