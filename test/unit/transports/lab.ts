import { type App, createApp } from '../../../src/app.ts';
import { readSettings } from '../../../src/settings.ts';
import type { PrincipalRole } from '../../../src/sources/principal.ts';
import { type HttpOptions, serveOverHttp } from '../../../src/transports/http/index.ts';
import { createTokenFile } from '../../../src/transports/http/tokens.ts';
import { temporaryFolder } from '../../support/temp.ts';

export interface Lab {
  url: string;
  home: string;
  app: App;
  /** What was logged. */
  lines: Record<string, unknown>[];
  tokens: Record<string, string>;
  /** Starts to shut down. */
  stop: () => Promise<void>;
  close: () => Promise<void>;
}

export interface LabOptions extends Partial<HttpOptions> {
  /** Name → role; none means that none are needed. */
  tokens?: Record<string, PrincipalRole>;
  /** Variables beside the data folder. */
  settings?: Record<string, string>;
}

/** The HTTP server in this process, over a store of its own, with its log kept. */
export async function startLab({ tokens = {}, settings: variables = {}, ...options }: LabOptions = {}): Promise<Lab> {
  const home = await temporaryFolder('lab');
  const file = createTokenFile(`${home.path}/tokens.json`);
  const made: Record<string, string> = {};
  for (const [name, role] of Object.entries(tokens)) {
    made[name] = (await file.add({ name, tenant: 'acme', role }, new Date())).token;
  }
  const lines: Record<string, unknown>[] = [];
  const line = (fields: Record<string, unknown>, message: string) => void lines.push({ ...fields, message });
  const settings = readSettings({ HEADWATER_HOME: home.path, ...variables }, { egress: 'public_only' });
  const app: App = { ...createApp(settings), log: { debug: () => {}, info: line, warn: line, error: line } };
  const server = await serveOverHttp(app, { host: '127.0.0.1', port: 0, allowHosts: [], ...options });
  return {
    url: server.url,
    home: home.path,
    app,
    lines,
    tokens: made,
    stop: server.close,
    async close() {
      await server.close();
      await app.close();
      await home.remove();
    },
  };
}
