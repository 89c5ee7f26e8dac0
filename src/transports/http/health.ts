import type { App } from '../../app.ts';
import { HeadwaterError } from '../../errors.ts';
import { withLimit } from './time.ts';

export interface Health {
  status: 200 | 503;
  body: { status: 'ready' } | { status: 'not ready'; error: { code: string; message: string } };
}

/** Whether calls can be served: the store, the key and the tokens. Says why not, in our own words alone. */
export async function readiness(
  app: Pick<App, 'checkStore' | 'checkKey'>,
  checkTokens: () => Promise<unknown>,
  limitMs: number,
): Promise<Health> {
  const checks = async () => {
    await app.checkStore();
    await app.checkKey();
    await checkTokens();
  };
  try {
    await withLimit(checks(), limitMs);
    return { status: 200, body: { status: 'ready' } };
  } catch (thrown) {
    const { code, message } =
      thrown instanceof HeadwaterError ? thrown : new HeadwaterError('INTERNAL', 'A fault in Headwater.');
    return { status: 503, body: { status: 'not ready', error: { code, message } } };
  }
}
