/** What is used of `oracledb`, which whoever wants it installs: an optional peer. */
export interface Driver {
  getConnection(settings: ConnectionSettings): Promise<DriverConnection>;
}

export interface ConnectionSettings {
  user: string;
  password: string;
  connectString: string;
  /** Seconds. */
  connectTimeout: number;
}

export interface DriverConnection {
  /** Milliseconds that one call may take. */
  callTimeout?: number;
  oracleServerVersionString?: string;
  execute(sql: string, binds: readonly (string | number)[], options: { maxRows: number }): Promise<DriverResult>;
  close(options: { drop: boolean }): Promise<void>;
}

export interface DriverResult {
  metaData?: readonly { name: string }[];
  rows?: readonly (readonly unknown[])[];
}

/** The package. */
export const DRIVER: string = 'oracledb';

/** @returns nothing where it is not installed */
export async function loadDriver(): Promise<Driver | undefined> {
  try {
    // Named by a variable, so that no bundler looks for what need not be there.
    const module = (await import(/* @vite-ignore */ DRIVER)) as { default: Driver };
    return module.default;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}
