/** What somebody may do, each including what the next may. */
export const PRINCIPAL_ROLES = ['admin', 'editor', 'viewer'] as const;
export type PrincipalRole = (typeof PRINCIPAL_ROLES)[number];

/** Whether `role` includes what `needed` may. */
export function includesRole(role: PrincipalRole, needed: PrincipalRole): boolean {
  return PRINCIPAL_ROLES.indexOf(role) <= PRINCIPAL_ROLES.indexOf(needed);
}

/** Who is asking. */
export interface Principal {
  tenant: string;
  subject: string;
  role: PrincipalRole;
}

/** The one user of a process started on this machine. */
export const LOCAL_PRINCIPAL: Principal = { tenant: 'local', subject: 'local', role: 'admin' };
