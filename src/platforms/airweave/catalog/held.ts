/** Stands for what Airweave was given to sign in with and shows nobody, and that is no secret: a user's name. */
export const HELD = '(held by Airweave)';
