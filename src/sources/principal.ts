export type PrincipalRole = 'admin' | 'editor' | 'viewer';

/** Who is asking. */
export interface Principal {
  tenant: string;
  subject: string;
  role: PrincipalRole;
}

/** The one user of a process started on this machine. */
export const LOCAL_PRINCIPAL: Principal = { tenant: 'local', subject: 'local', role: 'admin' };
