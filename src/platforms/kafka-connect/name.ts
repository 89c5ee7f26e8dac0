import { createHash } from 'node:crypto';

/**
 * A connector's name is its id, in paths too: it stays as it was given, and what no path can carry is refused. (Jetty
 * answers "ambiguous" to an encoded slash, backslash, semicolon or percent sign.)
 */
const UNFIT = /[/\\%;?#]|\p{Cc}|\p{Cf}|\p{Cs}/u;
const LONGEST = 200;

/** What is wrong with a name; undefined where nothing is. */
export function nameFault(name: string): string | undefined {
  if (name.trim() !== name || name === '') return 'must not be empty, nor begin or end with a space';
  if (name === '.' || name === '..') return 'must not be a dot or two';
  if (name.length > LONGEST) return `must not be longer than ${LONGEST} characters`;
  const [sign] = UNFIT.exec(name) ?? [];
  return sign === undefined
    ? undefined
    : `must not hold ${JSON.stringify(sign)}: Kafka Connect has the name in its paths`;
}

/** The beginning of topics' names: what Kafka takes of the source's name. */
export function prefixOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 100);
  return plain === '' ? `source-${shortHash(name)}` : plain;
}

/** A name of a replication slot or a publication: small letters, digits and underscores, at most 63. */
export function slotOf(name: string): string {
  const plain = prefixOf(name)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  const whole = `headwater_${plain}`;
  return whole.length <= 63 ? whole : `${whole.slice(0, 54)}_${shortHash(name)}`;
}

/** A number that readers of a binary log tell each other apart by: always the same for the same name and server. */
export function serverIdOf(name: string, server: string): number {
  const [low, high] = [10_000, 4_294_967_295];
  return low + (createHash('sha256').update(`${name}\n${server}`).digest().readUInt32BE() % (high - low));
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8);
}
