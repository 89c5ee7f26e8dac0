import { serveOverHttp } from '../transports/http/index.ts';
import { defineCommand } from './command.ts';
import { number, text } from './parameters.ts';

const STOPS = ['SIGTERM', 'SIGINT'] as const;

export const httpCommand = defineCommand({
  positionals: {},
  options: {
    host: text('ADDRESS', 'Address to listen on; 127.0.0.1 by default. Others need a token first.'),
    port: number('PORT', { min: 0, max: 65_535, whole: true }, '3333 by default; 0 takes a free one.'),
    'allow-host': text('NAMES', 'Names, with commas, that requests may call this server by, besides its address.'),
  },
  description:
    'Serves MCP clients over Streamable HTTP at /mcp, with /healthz and /readyz, until it is told to stop (Ctrl-C, ' +
    'SIGTERM); requests that run then may end. Here HEADWATER_EGRESS is public_only unless it is set. Callers need a ' +
    'bearer token as soon as the first was made: headwater token add.',
  examples: [
    'headwater http',
    'headwater http --port 8080',
    'headwater http --host 0.0.0.0 --allow-host mcp.example.com',
  ],
  standard: { egress: 'public_only' },
  run: async ({ host = '127.0.0.1', port = 3333, 'allow-host': names = '' }, { app, out, json }) => {
    const allowHosts = names.split(',').flatMap((name) => name.trim() || []);
    const server = await serveOverHttp(app, { host, port, allowHosts });
    if (!json) out.write(`Headwater listens on ${server.url}\n`);
    await toldToStop();
    // Whoever says it twice does not want to wait.
    await Promise.race([server.close(), toldToStop()]);
    return { document: { url: server.url, stopped: true }, lines: () => [] };
  },
});

function toldToStop(): Promise<void> {
  return new Promise((resolve) => {
    const told = () => {
      for (const signal of STOPS) process.off(signal, told);
      resolve();
    };
    for (const signal of STOPS) process.on(signal, told);
  });
}
