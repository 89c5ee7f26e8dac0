import { type ListAnswer, listSources, type SourceSummary } from '../sources/list.ts';
import { STATUSES, type Status } from '../sources/source.ts';
import { defineCommand } from './command.ts';
import type { Output, Style } from './output/output.ts';
import { table } from './output/table.ts';
import { choice, number, text } from './parameters.ts';
import { operatorCall, platform } from './shared.ts';

export const sourcesCommand = defineCommand({
  positionals: {},
  options: {
    connector: text('CONNECTOR', 'Only sources of this connector.'),
    status: choice('STATUS', STATUSES, 'Only sources in this state.'),
    tag: text('TAG', 'Only sources with this tag.'),
    query: text('TEXT', 'Only sources with this in their name.'),
    limit: number('N', { min: 1, max: 100, whole: true }, 'Most sources on a page, up to 100; 20 by default.'),
    cursor: text('CURSOR', 'The page after the one that gave this out.'),
    platform,
  },
  description: 'Lists sources, newest first.',
  examples: ['headwater sources', 'headwater sources --status Broken', 'headwater sources --tag production --json'],
  run: async (request, { app, out }) => {
    const answer = await listSources(app.services, request, operatorCall(app.services, 'list_sources'));
    const filters = Object.keys(request).filter((name) => name !== 'limit' && name !== 'platform');
    return { document: answer, lines: () => lines(out, answer, filters.length > 0) };
  },
});

const STYLES: Readonly<Partial<Record<Status, Style>>> = {
  Active: 'green',
  Broken: 'red',
  NeedsAuth: 'red',
  Unassigned: 'yellow',
  Unknown: 'yellow',
  Pending: 'yellow',
  Paused: 'dim',
  Stopped: 'dim',
};

function lines(out: Output, answer: ListAnswer, filtered: boolean): string[] {
  const { sources } = answer;
  if (sources.length === 0) {
    return [
      filtered ? 'No source matches.' : 'There are no sources yet. An agent creates them, through `headwater stdio`.',
    ];
  }
  const columns = [
    { title: 'Name', text: ({ name }: SourceSummary) => name, style: () => 'bold' as const, fit: 'cut' as const },
    {
      title: 'Status',
      text: ({ status }: SourceSummary) => status,
      style: ({ status }: SourceSummary) => STYLES[status],
    },
    { title: 'Connector', text: ({ connector }: SourceSummary) => connector },
    { title: 'Id', text: ({ id }: SourceSummary) => id },
    { title: 'Last error', text: ({ last_error = '' }: SourceSummary) => last_error, fit: 'cut' as const },
  ];
  const shown = sources.some(({ last_error }) => last_error !== undefined) ? columns : columns.slice(0, -1);
  return [...table(out, shown, sources), '', ...footer(out, answer)];
}

function footer(out: Output, { sources, total, next_cursor }: ListAnswer): string[] {
  const count = total === undefined || total === sources.length ? `${sources.length}` : `${sources.length} of ${total}`;
  const lines = [`${count} source${count === '1' ? '' : 's'}`];
  if (next_cursor !== undefined) lines.push(`The next page: the same with --cursor ${next_cursor}`);
  return lines.map((line) => out.paint('dim', line));
}
