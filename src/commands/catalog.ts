import { CAPABILITIES, CATEGORIES } from '../connectors/define-connector.ts';
import { type CatalogAnswer, type ConnectorSummary, listConnectors } from '../sources/describe.ts';
import { defineCommand } from './command.ts';
import type { Output } from './output/output.ts';
import { table } from './output/table.ts';
import { choice, text } from './parameters.ts';
import { platform } from './shared.ts';

export const catalogCommand = defineCommand({
  positionals: {
    query: { ...text('QUERY', 'Name, alias or product: postgres, supabase, pg. Typos are forgiven.'), rest: true },
  },
  options: {
    category: choice('CATEGORY', CATEGORIES, 'Only this kind.'),
    capability: choice('CAPABILITY', CAPABILITIES, 'Only those that can do this.'),
    platform,
  },
  description: 'Lists the connectors, best match first. `headwater schema CONNECTOR` then shows what one needs.',
  examples: ['headwater catalog', 'headwater catalog supabase', 'headwater catalog --category database --json'],
  run: async (request, { app, out }) => {
    const answer = await listConnectors(app.services, { ...request, limit: Number.MAX_SAFE_INTEGER });
    return { document: answer, lines: () => lines(out, answer, request.query) };
  },
});

function lines(out: Output, { connectors, total }: CatalogAnswer, query: string | undefined): string[] {
  if (total === 0) {
    return [`No connector matches${query ? ` "${query}"` : ''}. \`headwater catalog\` lists all.`];
  }
  const columns = [
    { title: 'Connector', text: ({ code }: ConnectorSummary) => code, style: () => 'cyan' as const },
    { title: 'Name', text: ({ name }: ConnectorSummary) => name, fit: 'cut' as const },
    { title: 'Category', text: ({ category }: ConnectorSummary) => category },
    { title: 'Can', text: ({ capabilities }: ConnectorSummary) => capabilities.join(', '), fit: 'cut' as const },
    { title: 'Platforms', text: ({ platforms }: ConnectorSummary) => platforms.join(', '), fit: 'cut' as const },
  ];
  return [
    ...table(out, columns, connectors),
    '',
    out.paint(
      'dim',
      `${total} connector${total === 1 ? '' : 's'}. \`headwater schema CONNECTOR\` shows what one needs.`,
    ),
  ];
}
