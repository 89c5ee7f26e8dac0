// The least an MCP server on this SDK can be, run as npm installs it, without a bundle: node bare-server.js [TOOLS]
import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';

const tools = Number(process.argv[2] ?? 1);

serveStdio(() => {
  const server = new McpServer({ name: 'bare', version: '0' });
  for (let i = 0; i < tools; i += 1) {
    server.registerTool(
      i === 0 ? 'echo' : `echo_${i}`,
      { description: 'Says what it was told.', inputSchema: z.object({ text: z.string() }) },
      ({ text }) => ({ content: [{ type: 'text', text }] }),
    );
  }
  return server;
});
