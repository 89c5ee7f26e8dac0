// A bare server whose one tool inserts a row, durably: node insert-server.js FILE CREATE_STATEMENT INSERT_STATEMENT

import { McpServer } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import Libsql from 'libsql';
import { z } from 'zod';

const [file = '', create = '', insert = ''] = process.argv.slice(2);
const database = new Libsql(file);
database.exec(`PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; ${create}`);
const statement = database.prepare(insert);

serveStdio(() => {
  const server = new McpServer({ name: 'bare', version: '0' });
  server.registerTool(
    'insert',
    {
      description: 'Inserts a row.',
      inputSchema: z.object({ values: z.array(z.union([z.string(), z.number(), z.null()])) }),
    },
    ({ values }) => {
      statement.run(values);
      return { content: [{ type: 'text', text: JSON.stringify(values) }] };
    },
  );
  return server;
});
