/**
 * The proofs behind the figures of SECURITY.md: the tests that `npm test` runs small, at the size that is claimed there.
 * `npm run proof` runs all of them, `npm run proof -- power kills` some.
 */
import { spawnSync } from 'node:child_process';
import { release } from 'node:os';

interface Proof {
  claims: string;
  files: readonly string[];
  size?: Readonly<Record<string, string>>;
}

const PROOFS: Readonly<Record<string, Proof>> = {
  kills: {
    claims:
      '8 writers of one store, ended by SIGKILL 1,000 times: nothing acknowledged is lost, nothing is half written',
    files: ['test/unit/store/crash.test.ts'],
    size: { HEADWATER_TEST_KILLS: '1000', HEADWATER_TEST_WRITERS: '8' },
  },
  servers: {
    claims: '120 whole servers of one store ended by SIGKILL: no acknowledged source is lost',
    files: ['test/e2e/kill.test.ts'],
    size: { HEADWATER_TEST_KILLS: '120' },
  },
  power: {
    claims: 'power cuts at 500 points, replayed from system calls, names of files synced or not: nothing is lost',
    files: ['test/services/power-cut.test.ts'],
    size: { HEADWATER_TEST_POWER_CUTS: '500' },
  },
  races: {
    claims: '8 processes open a fresh store at once, 100 times: no failure',
    files: ['test/unit/store/opening.test.ts'],
    size: { HEADWATER_TEST_RACES: '100' },
  },
  rotation: {
    claims: 'rotations of the master key ended by SIGKILL 60 times: every credential opens',
    files: ['test/unit/secrets/rotation-crash.test.ts'],
    size: { HEADWATER_TEST_KILLS: '60' },
  },
  sealing: {
    claims: 'every bit of sealed values flipped, parts swapped between rows, tenants, versions and keys: nothing opens',
    files: ['test/unit/secrets/envelope.test.ts', 'test/unit/secrets/vault.test.ts'],
    size: { HEADWATER_TEST_RUNS: '20000' },
  },
  hostile: {
    claims: 'every hostile input gets its verdict, and nothing is sent for a refusal; no canary comes out anywhere',
    files: [
      'hostile',
      'canary',
      'test/unit/net',
      'test/unit/transports',
      'test/unit/probes/faults.test.ts',
      'test/unit/probes/csv',
      'test/unit/secrets',
      'test/e2e/http-tenants.test.ts',
    ],
  },
  disk: {
    claims: 'a full disk loses nothing, and work goes on once there is room',
    files: ['test/services/disk-full.test.ts'],
  },
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(PROOFS, name));
if (unknown.length > 0) {
  console.error(`There is no proof ${unknown.join(', ')}; there are ${Object.keys(PROOFS).join(', ')}.`);
  process.exit(2);
}
console.log(`Node ${process.versions.node}, ${process.platform} ${process.arch} ${release()}\n`);
const rows: string[] = [];
for (const [name, { claims, files, size = {} }] of Object.entries(PROOFS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`${name}: ${claims}`);
  const began = performance.now();
  const { status } = spawnSync('npx', ['vitest', 'run', '--reporter=dot', ...files], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...size },
  });
  rows.push(
    `${status === 0 ? 'holds ' : 'BROKEN'}  ${name}  ${Math.round((performance.now() - began) / 1000)} s  ${claims}`,
  );
}
console.log(`\n${rows.join('\n')}`);
if (rows.some((row) => row.startsWith('BROKEN'))) process.exitCode = 1;
