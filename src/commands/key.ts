import type { Readable } from 'node:stream';
import type { App } from '../app.ts';
import { readKeyFile } from '../secrets/key-file.ts';
import type { Rotation } from '../secrets/key-rotation.ts';
import type { KeyStatus } from '../secrets/key-status.ts';
import { audited } from '../sources/trail.ts';
import { defineCommand, type Outcome } from './command.ts';
import type { Output } from './output/output.ts';
import { toReader } from './output/reader.ts';
import { table } from './output/table.ts';
import { choice, text } from './parameters.ts';
import { operatorCall } from './shared.ts';
import { usageError } from './usage-error.ts';

const STDIN = '-';
const LONGEST = 1024;

export const keyCommand = defineCommand({
  positionals: {
    action: { ...choice('ACTION', ['status', 'rotate'], 'status or rotate.'), required: true },
  },
  options: {
    'from-file': text('FILE|-', 'rotate: file with the old key, where the new one is configured; - is standard input.'),
  },
  description:
    'The master key, which wraps the key of every stored credential. `status` tells which one is in use, by its id, ' +
    'and how many values need which; `rotate` wraps all of them by a new one. Servers may run meanwhile, and a ' +
    'rotation that is cut off goes on when it is run again. The key in HEADWATER_HOME is replaced by one that is made ' +
    'here; a key that is configured is replaced by configuring the new one and giving the old one.',
  examples: [
    'headwater key status',
    'headwater key rotate',
    'HEADWATER_MASTER_KEY_FILE=new.key headwater key rotate --from-file old.key',
  ],
  run: async ({ action, 'from-file': from }, { app, out }) => {
    if (action === 'rotate') return await rotate(app, out, from);
    if (from !== undefined) throw usageError('--from-file is for `headwater key rotate`.');
    return status(out, await app.keys.status());
  },
});

async function rotate(
  { keys, services }: Pick<App, 'keys' | 'services'>,
  out: Output,
  from: string | undefined,
): Promise<Outcome> {
  const given = from === undefined ? undefined : await givenKey(from);
  const { trail } = operatorCall(services, 'rotate_key');
  const rotation = await audited(services.keepEntry, trail, { acts: true }, async () => {
    const done = await keys.rotate(given);
    if (done) trail.note({ target: { from: done.from, to: done.to } });
    return done;
  });
  if (rotation) return { document: rotation, ok: isWhole(rotation), lines: () => rotated(out, rotation) };
  return {
    document: { finished: true, rewrapped: 0 },
    lines: () => ['Nothing was ever sealed here, so there is no key to rotate.'],
  };
}

function isWhole({ finished, left }: Rotation): boolean {
  return finished && left === 0;
}

function rotated(out: Output, rotation: Rotation): string[] {
  const { from, to, resumed, rewrapped, damaged, left, finished } = rotation;
  const lines = [
    `${rewrapped} ${rewrapped === 1 ? 'value' : 'values'} wrapped by ${to} in place of ${from}${resumed ? ' (went on where it stopped)' : ''}.`,
  ];
  if (isWhole(rotation)) return [...lines, out.paint('green', `Nothing needs ${from} any more.`), BACKUPS];
  if (damaged.length > 0) {
    lines.push(
      `These credentials are damaged and hold ${from} in use. Give them again or delete the sources, then run this again:`,
      ...damaged.map((id) => `  ${id}`),
    );
  } else if (!finished) {
    lines.push('Servers sealed with the old key meanwhile. Run this again.');
  }
  if (left > 0) lines.push(`${left} values need yet another key: \`headwater key status\` shows its id.`);
  return lines;
}

const BACKUPS = 'Backups of the store that are older than this need the old key: keep it as long as you keep them.';

/** @throws HeadwaterError INVALID_ARGUMENTS, KEY_UNAVAILABLE; never quotes a key */
async function givenKey(path: string): Promise<string> {
  // Said before anything else, since a message about a file would repeat it.
  if (/^[A-Za-z0-9+/]{43}=$/.test(path)) {
    throw usageError(
      '--from-file takes the name of a file, or - for standard input, not the key itself.',
      'Everybody on this machine can see command lines. Treat that key as exposed.',
    );
  }
  if (path === STDIN) return await textOf(process.stdin);
  const key = await readKeyFile(path);
  if (key === undefined) throw usageError(`${path} does not exist.`);
  return key;
}

async function textOf(stream: Readable): Promise<string> {
  let read = '';
  for await (const chunk of stream) {
    read += String(chunk);
    if (read.length > LONGEST) throw usageError('Standard input holds more than a key.');
  }
  return read;
}

type Known = KeyStatus['keys'][number];

function status(out: Output, { key, problem, keys, rotation }: KeyStatus): Outcome {
  const columns = [
    { title: 'Key', text: ({ id }: Known) => id },
    { title: 'State', text: ({ state }: Known) => state },
    { title: 'Sealed', text: ({ sealed }: Known) => String(sealed), align: 'right' as const },
    { title: 'Retired', text: ({ retired_at }: Known) => retired_at?.slice(0, 10) ?? '' },
  ];
  return {
    document: { ...(key ? { key } : {}), ...(problem ? { problem } : {}), keys, rotation },
    ok: problem === undefined,
    lines: () => [
      ...(key ? [`Key ${out.paint('bold', key.id)}, from ${key.from}.`] : []),
      ...(key || problem ? [] : ['There is no key yet; it is made when it is needed.']),
      ...(problem ? [out.paint('red', problem.message), ...remedy(problem.details.hint)] : []),
      ...(keys.length > 0 ? ['', ...table(out, columns, keys)] : []),
      ...(rotation === 'unfinished'
        ? ['', out.paint('yellow', 'A rotation is unfinished: `headwater key rotate` goes on where it stopped.')]
        : []),
    ],
  };
}

function remedy(hint: string | undefined): string[] {
  return hint === undefined ? [] : [`→ ${toReader(hint)}`];
}
