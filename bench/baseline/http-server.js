// The least an MCP server over HTTP on this SDK can be: node http-server.js TOOLS [TOKEN]. With a token it guards itself:
// Host, Origin, and the token as a hash.
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

const tools = Number(process.argv[2] ?? 1);
const token = process.argv[3];

const handler = toNodeHandler(
  createMcpHandler(() => {
    const server = new McpServer({ name: 'bare', version: '0' });
    for (let i = 0; i < tools; i += 1) {
      server.registerTool(
        i === 0 ? 'echo' : `echo_${i}`,
        { description: 'Says what it was told.', inputSchema: z.object({ text: z.string() }) },
        ({ text }) => ({ content: [{ type: 'text', text }] }),
      );
    }
    return server;
  }),
);

const hash = (text) => createHash('sha256').update(text).digest();
const expected = hash(`Bearer ${token}`);
const hostIsOurs = localhostHostValidation();
const originIsOurs = localhostOriginValidation();

const server = createServer((request, response) => {
  if (token !== undefined) {
    if (!hostIsOurs(request, response) || !originIsOurs(request, response)) return;
    if (!timingSafeEqual(hash(request.headers.authorization ?? ''), expected)) {
      response.writeHead(401).end();
      return;
    }
  }
  void handler(request, response);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`listens on http://127.0.0.1:${server.address().port}/mcp\n`);
});
