import { HeadwaterError } from '../../errors.ts';
import { openForm, submitForm } from '../../sources/credential-page.ts';
import { finishSignIn, startSignIn } from '../../sources/oauth-sign-in.ts';
import type { Services } from '../../sources/services.ts';
import type { Handover } from './ports.ts';

/** The hand-over itself, as the page asks for it. */
export function handoverOf(services: Services): Handover {
  return {
    open: (nonce, opener) => unlessGone(openForm(services, nonce, opener)),
    submit: (nonce, opener, values, hooks) => unlessGone(submitForm(services, nonce, opener, values, hooks)),
    startSignIn: (nonce, opener, origin, values, signal) =>
      unlessGone(startSignIn(services, nonce, opener, origin, { values, signal })),
    finishSignIn: (query, origin, token, signal) =>
      unlessGone(finishSignIn(services, query, origin, token, { signal })),
  };
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    if (thrown instanceof HeadwaterError && thrown.code === 'LINK_GONE') return undefined;
    throw thrown;
  }
}
