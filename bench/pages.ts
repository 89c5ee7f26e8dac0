// A page of list_sources with 100,000 sources in the store, against the same page with 100.
import { createApp } from '../src/app.ts';
import { operatorCall } from '../src/commands/shared.ts';
import { readSettings } from '../src/settings.ts';
import { encodeCursor, type ListRequest, listSources } from '../src/sources/list.ts';
import { temporaryFolder } from '../test/support/temp.ts';
import { type Options, type Row, runBench } from './support/report.ts';
import { fillStore, sourceRow, TAGS } from './support/source-rows.ts';
import { interleave, median, ratioOf, timed } from './support/stats.ts';

const ROUNDS = 200;
/** Pages in one round, to be above the clock's grain. */
const BATCH = 5;
const FEW = 100;
const MANY = 100_000;

interface Page {
  what: string;
  request: (count: number) => ListRequest;
  /** The names are looked through from the newest on, so that a rare one costs what there is. */
  unbounded?: boolean;
}

const PAGES: readonly Page[] = [
  { what: 'the first page', request: () => ({}) },
  { what: 'a page in the middle', request: (count) => ({ cursor: encodeCursor(sourceRow(count / 2).id) }) },
  { what: 'by connector', request: () => ({ connector: 'postgresql' }) },
  { what: 'by status', request: () => ({ status: 'Active' }) },
  { what: 'by tag', request: () => ({ tag: TAGS[0] }) },
  {
    what: 'by connector, status and tag',
    request: () => ({ connector: 'postgresql', status: 'Active', tag: TAGS[0] }),
  },
  { what: 'by part of a name that many have', request: () => ({ query: 'shop' }) },
  { what: 'by part of a name that one has', request: () => ({ query: 'region 0.' }), unbounded: true },
];

async function measure(options: Options): Promise<Row[]> {
  const [few, many] = [await filled(FEW), await filled(MANY)];
  const rows: Row[] = [];
  for (const { what, request, unbounded } of PAGES) {
    const samples = await interleave(
      { few: () => few.pages(request(FEW)), many: () => many.pages(request(MANY)) },
      { rounds: options.rounds ?? ROUNDS, warmup: 20 },
    );
    rows.push({
      what,
      unit: 'ms',
      ours: median(samples.many),
      baseline: median(samples.few),
      ratio: ratioOf(samples.many, samples.few),
      ...(unbounded ? {} : { budget: { of: 'ratio', atMost: 1.25 } }),
    });
  }
  await Promise.all([few.close(), many.close()]);
  return rows;
}

/** An app whose store holds that many sources, one in five with the tag, one in fifty broken. */
async function filled(count: number) {
  const home = await temporaryFolder('bench');
  const settings = readSettings({ HEADWATER_HOME: home.path });
  const app = createApp(settings);
  const call = operatorCall(app.services, 'list_sources');
  // Makes the store.
  await listSources(app.services, {}, call);
  await fillStore(settings.storeFile, count);
  return {
    async pages(request: ListRequest) {
      const page = () => listSources(app.services, request, call);
      const ms = await timed(async () => {
        for (let i = 0; i < BATCH; i += 1) await page();
      });
      return ms / BATCH;
    },
    async close() {
      await app.close();
      await home.remove();
    },
  };
}

await runBench('pages', `a page of list_sources with ${MANY} sources, against one with ${FEW}`, measure);
