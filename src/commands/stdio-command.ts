import { defineCommand } from './command.ts';

/** For its help. `cli.ts` starts the server itself, on the shortest way; only `headwater stdio --` comes by here. */
export const stdioCommand = defineCommand({
  positionals: {},
  options: {},
  description:
    'Serves one MCP client over stdin and stdout until its input ends. This is what an MCP client is set up to start; ' +
    'logs go to stderr as JSON lines. Settings are environment variables: `headwater doctor` shows which are set.',
  examples: ['headwater', 'claude mcp add headwater -- npx -y headwater-mcp'],
  run: async () => {
    const { serve } = await import('./stdio.ts');
    await serve();
    return await new Promise(() => {});
  },
});
