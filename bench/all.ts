// Every benchmark, one after the other, each in a process of its own: node scripts/run.js bench/all.ts [--json]
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { buildIfStale } from '../test/support/build.ts';
import { projectRoot } from '../test/support/root.ts';
import { machineLine, type Result, table } from './support/report.ts';

const BENCHES = ['startup', 'calls', 'http', 'test-connection', 'create', 'pages', 'sizes'] as const;
const { json } = parseArgs({ options: { json: { type: 'boolean' } } }).values;

await buildIfStale();
const results: Result[] = [];
for (const bench of BENCHES) {
  if (!json) process.stderr.write(`${bench} …\n`);
  results.push(await run(bench));
}
const rows = results.flatMap((result) => result.rows.map((row) => ({ ...row, what: `${result.bench}: ${row.what}` })));
const machine = results[0] ? machineLine(results[0].machine) : '';
console.log(json ? JSON.stringify(results) : `${machine}\n\n${table(rows)}\n`);
if (!rows.every(({ ok }) => ok)) process.exitCode = 1;

async function run(bench: string): Promise<Result> {
  const command = [join(projectRoot, 'scripts', 'run.js'), join(projectRoot, 'bench', `${bench}.ts`), '--json'];
  // Exit code 1 says "over budget" as well as "broken": the document tells them apart.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, command).catch(
    (failed: { stdout: string; stderr: string }) => failed,
  );
  try {
    return JSON.parse(stdout) as Result;
  } catch {
    throw new Error(`bench/${bench}.ts failed: ${stderr}`);
  }
}
