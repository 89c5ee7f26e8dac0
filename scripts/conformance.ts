/**
 * The official MCP conformance suite, twice: everything that 2025-11-25 and 2026-07-28 require, against the product's own
 * HTTP app with the suite's fixtures beside the product's tools; then what fits any server, against the product as it is
 * shipped. Exits 1 on any failure that test/conformance/expected-failures.*.yml does not name, and on any it names in vain.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { createApp } from '../src/app.ts';
import { readSettings } from '../src/settings.ts';
import { serveOverHttp } from '../src/transports/http/index.ts';
import { createServerWithFixtures } from '../test/conformance/fixtures/index.ts';
import { installExternal } from '../test/external/install.ts';
import { buildIfStale } from '../test/support/build.ts';
import { spawnHttp } from '../test/support/http-process.ts';
import { projectRoot } from '../test/support/root.ts';
import { temporaryFolder } from '../test/support/temp.ts';

const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
type Revision = (typeof REVISIONS)[number];

/** What asks nothing of a server that only a fixture could give. */
const FOR_ANY_SERVER: Readonly<Record<Revision, readonly string[]>> = {
  '2025-11-25': [
    'server-initialize',
    'ping',
    'tools-list',
    'resources-list',
    'resources-subscribe',
    'resources-unsubscribe',
    'prompts-list',
    'server-sse-multiple-streams',
    'server-session-lifecycle',
    'dns-rebinding-protection',
  ],
  '2026-07-28': [
    'server-stateless',
    'tools-list',
    'resources-list',
    'prompts-list',
    'sep-2164-resource-not-found',
    'caching',
    'dns-rebinding-protection',
    'http-header-validation',
    'server-sse-multiple-streams',
    'input-required-result-unsupported-methods',
  ],
};

interface Outcome {
  ok: boolean;
  scenarios: number;
  passed: number;
  failed: number;
  text: string;
}

/** Lines of the suite that say what went wrong. */
const TELLING = /FAILURE|WARNING|Error: |baseline|^✗ |^ +[✗✓] /;

const verbose = process.argv.includes('--verbose');
const started = performance.now();
const [suite] = await Promise.all([installExternal('conformance'), buildIfStale()]);
const results = await temporaryFolder('conformance');
const outcomes = [...(await againstFixtures()), ...(await againstProduct())];
await results.remove();
const good = outcomes.every(({ ok }) => ok);
console.log(`${good ? 'Conformant' : 'NOT conformant'} after ${((performance.now() - started) / 1000).toFixed(1)} s.`);
process.exit(good ? 0 : 1);

async function againstFixtures(): Promise<Outcome[]> {
  const home = await temporaryFolder('home');
  const app = createApp(readSettings({ HEADWATER_HOME: home.path, HEADWATER_LOG_LEVEL: 'silent' }));
  const server = await serveOverHttp(app, {
    host: '127.0.0.1',
    port: 0,
    allowHosts: [],
    serverOf: createServerWithFixtures,
  });
  const outcomes: Outcome[] = [];
  for (const revision of REVISIONS) {
    const outcome = await run(server.url, 'fixtures', ['--requirements', revision]);
    outcomes.push(tell(`${revision}, the product's HTTP app with fixtures`, outcome));
  }
  await server.close();
  await app.close();
  await home.remove();
  return outcomes;
}

async function againstProduct(): Promise<Outcome[]> {
  const server = await spawnHttp();
  const outcomes: Outcome[] = [];
  for (const revision of REVISIONS) {
    const each: Outcome[] = [];
    for (const scenario of FOR_ANY_SERVER[revision]) {
      each.push(await run(server.url, 'product', ['--scenario', scenario, '--spec-version', revision]));
    }
    const sum = (count: (outcome: Outcome) => number) => each.reduce((total, outcome) => total + count(outcome), 0);
    const outcome = {
      ok: each.every(({ ok }) => ok),
      scenarios: sum(({ scenarios }) => scenarios),
      passed: sum(({ passed }) => passed),
      failed: sum(({ failed }) => failed),
      text: each.flatMap(({ ok, text }) => (ok && !verbose ? [] : text)).join('\n'),
    };
    outcomes.push(tell(`${revision}, the product as shipped`, outcome));
  }
  await server.close();
  return outcomes;
}

/** One run of the suite's own command, which judges by its list of expected failures. */
function run(url: string, target: 'fixtures' | 'product', selection: readonly string[]): Promise<Outcome> {
  const command = join(suite, 'node_modules', '@modelcontextprotocol', 'conformance', 'dist', 'index.js');
  const expected = join(projectRoot, 'test', 'conformance', `expected-failures.${target}.yml`);
  const args = [command, 'server', '--url', url, '--expected-failures', expected, '-o', results.path, ...selection];
  return new Promise((resolve) => {
    execFile(node22(), args, { timeout: 120_000, maxBuffer: 1e8 }, (error, stdout, stderr) => {
      const text = stripVTControlCharacters(stdout + stderr);
      // A line for each scenario where there are many, one for the only one.
      const lines = [...text.matchAll(/^(?:[✓✗] \S+: (\d+) passed|Passed: (\d+)\/\d+), (\d+) failed/gm)];
      const sum = (count: (line: RegExpExecArray) => number) => lines.reduce((total, line) => total + count(line), 0);
      const passed = sum((line) => Number(line[1] ?? line[2]));
      // A suite that ran nothing has proved nothing.
      const ok = error === null && passed > 0;
      resolve({ ok, scenarios: lines.length, passed, failed: sum((line) => Number(line[3])), text });
    });
  });
}

/** The suite needs Node.js 22, Headwater only 20. */
function node22(): string {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const own = join(suite, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(own)) return own;
  throw new Error('the suite needs Node.js 22, and npm has none for this platform: run this script with it');
}

function tell(title: string, outcome: Outcome): Outcome {
  const { ok, scenarios, passed, failed, text } = outcome;
  const known = ok && failed > 0 ? `, ${failed} failed as expected` : failed > 0 ? `, ${failed} failed` : '';
  console.log(`${ok ? '✓' : '✗'} ${title}: ${scenarios} scenarios, ${passed} checks passed${known}`);
  if (verbose) console.log(text);
  else if (!ok)
    console.log(
      text
        .split('\n')
        .filter((line) => TELLING.test(line))
        .join('\n'),
    );
  return outcome;
}
