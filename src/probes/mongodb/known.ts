/** What is known of a server, and of the user's rights on it. */

/** What a server says of itself before any login. Texts are the server's own. */
export interface Hello {
  kind: 'standalone' | 'member' | 'router' | 'uninitiated';
  setName: string | undefined;
  primary: boolean;
  secondary: boolean;
  arbiter: boolean;
  /** Members as the replica set names them to its clients. */
  hosts: readonly string[];
  wireVersion: number;
  /** Ways to log in that the user has; undefined where the server does not say, or has no such user. */
  mechanisms: readonly string[] | undefined;
}

export interface Role {
  role: string;
  db: string;
}

export interface Privilege {
  any: boolean;
  db: string | undefined;
  collection: string | undefined;
  actions: ReadonlySet<string>;
}

/** What the user may do, as the server tells it; names are the server's own. */
export interface Grants {
  roles: readonly Role[];
  privileges: readonly Privilege[];
}
