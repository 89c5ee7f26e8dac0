/** One of these two. */
interface Named {
  service_name?: string | undefined;
  sid?: string | undefined;
}

/** What is asked for, in sentences. */
export function service({ service_name, sid }: Named): string {
  return service_name === undefined ? `the SID ${sid}` : `the service ${service_name}`;
}

/** Where to connect and what to, in Oracle's own notation. Names have been checked to be nothing but names. */
export function descriptor(config: Named, place: { host: string; port: number; tls: boolean }, more = ''): string {
  const { host, port, tls } = place;
  const named = config.service_name === undefined ? `(SID=${config.sid})` : `(SERVICE_NAME=${config.service_name})`;
  const address = `(ADDRESS=(PROTOCOL=${tls ? 'tcps' : 'tcp'})(HOST=${host})(PORT=${port}))`;
  return `(DESCRIPTION=${address}(CONNECT_DATA=${named}${more}))`;
}
