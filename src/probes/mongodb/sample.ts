import type { Column } from '../probe.ts';
import type { Doc } from './documents.ts';

/** The fields of some documents: each with the types it has among them, in the order of first sight. */
export function fieldsOf(documents: readonly Doc[]): Column[] {
  const fields = new Map<string, { types: Set<string>; seen: number }>();
  for (const document of documents) {
    for (const [name, value] of Object.entries(document)) {
      const field = fields.get(name) ?? { types: new Set(), seen: 0 };
      field.types.add(typeOf(value));
      field.seen += 1;
      fields.set(name, field);
    }
  }
  return [...fields].map(([name, { types, seen }]) => ({
    name,
    type: [...types].filter((type) => type !== 'null' || types.size === 1).join(' | '),
    nullable: types.has('null') || seen < documents.length,
  }));
}

/** What BSON's classes are called by `$type`. */
const TYPES: Readonly<Record<string, string>> = {
  ObjectId: 'objectId',
  Int32: 'int',
  Double: 'double',
  Long: 'long',
  Decimal128: 'decimal',
  Binary: 'binData',
  UUID: 'binData',
  Timestamp: 'timestamp',
  BSONRegExp: 'regex',
  Code: 'javascript',
  BSONSymbol: 'symbol',
  DBRef: 'dbPointer',
  MinKey: 'minKey',
  MaxKey: 'maxKey',
};

/** The type of a value as `$type` calls it. */
export function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'array';
  if (value instanceof Date) return 'date';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'object') return ('_bsontype' in value && TYPES[String(value._bsontype)]) || 'object';
  return typeof value === 'number' ? 'double' : 'string';
}
