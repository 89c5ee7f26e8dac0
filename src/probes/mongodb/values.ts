import { Binary, Decimal128, Double, EJSON, Int32, Long, ObjectId, Timestamp } from 'bson';
import type { Session } from './session.ts';

/** How much of a value is written before it is cleaned and cut: a secret across the cut is still known for one. */
const SPARE = 4;
const MOST_BYTES_SHOWN = 100;
const UUIDS: ReadonlySet<number> = new Set([Binary.SUBTYPE_UUID]);

/** A value as a cell: numbers and booleans as they are, all else as text, documents as extended JSON (relaxed). */
export function shownValue(value: unknown, longest: number, session: Session): unknown {
  const plain = scalarOf(value);
  if (typeof plain === 'string') return session.clean(plain.slice(0, longest * SPARE), longest);
  if (plain !== undefined) return session.context.redactor.cleanValue(plain);
  return session.clean(JSON.stringify(shortened(value, { left: longest * SPARE })), longest);
}

/** What needs no JSON; undefined for documents and lists. */
function scalarOf(value: unknown): string | number | boolean | null | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (value instanceof Int32) return value.value;
  if (value instanceof Double) return Number.isFinite(value.value) ? value.value : String(value.value);
  // A kind of Long, and yet no number.
  if (value instanceof Timestamp) return undefined;
  if (Long.isLong(value)) return Number.isSafeInteger(value.toNumber()) ? value.toNumber() : value.toString();
  if (value instanceof Decimal128) return value.toString();
  if (value instanceof ObjectId) return value.toHexString();
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (value instanceof Binary) return binary(value);
  return undefined;
}

function binary(value: Binary): string {
  if (UUIDS.has(value.sub_type) && value.length() === 16) return value.toUUID().toHexString();
  return `0x${Buffer.from(value.buffer.subarray(0, Math.min(value.position, MOST_BYTES_SHOWN))).toString('hex')}`;
}

/** A document as far as there is room: what is not shown need not be written out. */
function shortened(value: unknown, room: { left: number }): unknown {
  const plain = scalarOf(value);
  if (plain !== undefined) {
    const text = typeof plain === 'string' ? plain.slice(0, Math.max(0, room.left)) : plain;
    room.left -= String(text).length + 2;
    return text;
  }
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) {
      if (room.left <= 0) break;
      room.left -= 1;
      items.push(shortened(item, room));
    }
    return items;
  }
  if (typeof value === 'object' && value !== null && '_bsontype' in value) {
    room.left -= 20;
    return EJSON.serialize(value, { relaxed: true });
  }
  const fields: [string, unknown][] = [];
  for (const [name, inner] of Object.entries(value ?? {})) {
    if (room.left <= 0) break;
    room.left -= name.length + 3;
    fields.push([name.slice(0, 200), shortened(inner, room)]);
  }
  return Object.fromEntries(fields);
}
