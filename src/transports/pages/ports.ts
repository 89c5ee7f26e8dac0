import type { CredentialForm, Opener, Submitted } from '../../sources/credential-form.ts';

export type TestReport = NonNullable<Submitted['report']>;
export type TestStep = TestReport['steps'][number];

export interface SubmitHooks {
  /** Aborts when the person leaves. */
  signal: AbortSignal;
  onStep: (step: TestStep, done: number, total: number) => void;
  /** The person gives it without a test. */
  skipTest: boolean;
}

/** What the page asks of the hand-over behind it. Both answer `undefined` for every link that is of no use (any more). */
export interface Handover {
  /** `token`: what this browser is to show from now on, because it is the first that opened the page. */
  open(nonce: string, opener: Opener): Promise<{ form: CredentialForm; token?: string } | undefined>;
  /** @throws HeadwaterError where it could not be tried */
  submit(
    nonce: string,
    opener: Opener,
    values: Readonly<Record<string, string>>,
    hooks: SubmitHooks,
  ): Promise<Submitted | undefined>;
  /**
   * Begins to sign in at a provider, with what was typed. `origin`: where the person sees the pages, without their path.
   * `token`: what the browser shows when the provider sends it back.
   */
  startSignIn(
    nonce: string,
    opener: Opener,
    origin: string,
    values: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<{ redirect: string; token: string } | { problems: Submitted['problems'] } | undefined>;
  /** Ends it with what the provider sent along. */
  finishSignIn(
    query: URLSearchParams,
    origin: string,
    token: string | undefined,
    signal: AbortSignal,
  ): Promise<{ nonce: string; submitted: Submitted } | undefined>;
}
