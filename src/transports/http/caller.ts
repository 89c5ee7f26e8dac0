import type { Principal } from '../../sources/principal.ts';

/** Who sends a request, and with what. */
export interface Caller {
  principal: Principal;
  /** What the token is known by; none of whoever needs none. */
  token?: string;
}

/** Two callers are the same where this is: two tokens of one principal are two. */
export function callerKey({ principal: { tenant, subject, role }, token }: Caller): string {
  return JSON.stringify([tenant, subject, role, token]);
}
