import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedTry, isNew, LOGIN_PAUSE_MS, loginPause, type Rejection } from '../../../src/net/login-pause.ts';

const MINUTE = 60_000;

/** What is kept after each of these was rejected. */
function rejected(...logins: readonly [fingerprint: string, at: number][]): Rejection[] {
  return logins.reduce<Rejection[]>((kept, [fingerprint, now]) => {
    const one = countedTry(kept, { fingerprint, now, by: 1 });
    return [...kept.filter((other) => other.fingerprint !== fingerprint), one];
  }, []);
}

describe('an account', () => {
  it.each([
    ['the same credentials', rejected(['a', 0], ['a', MINUTE])],
    ['different ones', rejected(['a', 0], ['b', MINUTE])],
    ['others before', rejected(['a', -20 * MINUTE], ['b', 0], ['b', MINUTE])],
  ])('is left alone for 15 minutes after two rejections: %s', (_, kept) => {
    expect(loginPause(kept, MINUTE)).toBe(15 * MINUTE);
    expect(loginPause(kept, 16 * MINUTE - 1)).toBe(1);
    expect(loginPause(kept, 16 * MINUTE)).toBe(0);
  });

  it.each([
    ['one', rejected(['a', 0])],
    ['two, 15 minutes apart', rejected(['a', -15 * MINUTE], ['b', 0])],
    ['two with the same credentials, 15 minutes apart', rejected(['a', -15 * MINUTE], ['a', 0])],
    ['none that came to a login', [countedTry(rejected(['a', 0]), { fingerprint: 'a', now: 0, by: -1 })]],
  ])('is not after %s', (_, kept) => {
    expect(loginPause(kept, 0)).toBe(0);
  });

  it('lets credentials in that were not tried, each once', () => {
    const kept = rejected(['a', 0], ['a', 0]);
    expect(isNew(kept, 'a', MINUTE)).toBe(false);
    expect(isNew(kept, 'b', MINUTE)).toBe(true);
    const after = rejected(['a', 0], ['a', 0], ['b', MINUTE]);
    expect(isNew(after, 'b', 2 * MINUTE)).toBe(false);
    expect(loginPause(after, MINUTE)).toBe(LOGIN_PAUSE_MS);
  });

  it('is never left alone for longer than two pauses, whatever the clock did', () => {
    const time = fc.integer({ min: 0, max: 600 * MINUTE });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), time)), time, (logins, now) => {
        const pause = loginPause(rejected(...logins), now);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(2 * LOGIN_PAUSE_MS);
      }),
    );
  });
});
