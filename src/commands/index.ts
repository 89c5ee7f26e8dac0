import type { Command } from './command.ts';

export interface CommandEntry {
  summary: string;
  load: () => Promise<Command>;
}

/** Every command, in the order in which a person meets them; each is loaded when it is asked for. */
export const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  stdio: {
    summary: 'Serve an MCP client over stdin and stdout (the default)',
    load: async () => (await import('./stdio-command.ts')).stdioCommand,
  },
  http: {
    summary: 'Serve MCP clients over HTTP',
    load: async () => (await import('./http.ts')).httpCommand,
  },
  detect: {
    summary: 'Propose sources from the names in a project, never from values',
    load: async () => (await import('./detect.ts')).detectCommand,
  },
  catalog: { summary: 'Find connectors', load: async () => (await import('./catalog.ts')).catalogCommand },
  schema: {
    summary: 'Show what a connector needs',
    load: async () => (await import('./schema.ts')).schemaCommand,
  },
  test: { summary: 'Test a connection for real', load: async () => (await import('./test.ts')).testCommand },
  sources: { summary: 'List sources', load: async () => (await import('./sources.ts')).sourcesCommand },
  export: {
    summary: 'Write a source for another tool, without its secrets',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  credentials: {
    summary: 'Give the credentials that an agent asked for, in a terminal',
    load: async () => (await import('./credentials.ts')).credentialsCommand,
  },
  secret: {
    summary: 'Store secrets that configs refer to by name',
    load: async () => (await import('./secret.ts')).secretCommand,
  },
  token: {
    summary: 'Manage who may use the HTTP server',
    load: async () => (await import('./token.ts')).tokenCommand,
  },
  key: { summary: 'Show or rotate the master key', load: async () => (await import('./key.ts')).keyCommand },
  audit: {
    summary: 'See who did what, and prove that nothing of it was changed',
    load: async () => (await import('./audit.ts')).auditCommand,
  },
  doctor: { summary: 'Check this installation', load: async () => (await import('./doctor.ts')).doctorCommand },
};
