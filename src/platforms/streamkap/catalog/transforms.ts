import type { VendorFields } from '../../../connectors/vendor/field.ts';
import { choice, flag, text, whole } from './rows.ts';

/** What Streamkap can do to records on their way. */

const OVERSIZED = 'transforms.OversizedRecords';

/** Every source that Kafka Connect runs has these, Kafka Direct apart. */
export const RECORDS: VendorFields = {
  'transforms.ValueToKey.fields.include.list': text(
    'Columns to key',
    'Columns, as table.column, that go from the value of a record into its key.',
  ),
  'transforms.ValueToKey.replace.null.with.default': flag(
    'Columns to key: nulls to defaults',
    'While columns go into the key, a null becomes the default of its column.',
    true,
  ),
  'preserve.null.values': flag('Preserve nulls', 'A null stays null where its column has a default.', false),
  [`${OVERSIZED}.fields.include.list`]: text(
    'Oversized: fields',
    'Columns, as table.column with wildcards, to shrink where they are too large. No key column may be among them.',
  ),
  [`${OVERSIZED}.fields.exclude.list`]: text('Oversized: exceptions', 'Columns, as table.column, never to shrink.'),
  [`${OVERSIZED}.max.field.size.bytes`]: whole(
    'Oversized: largest field',
    'Bytes from which on a field is too large.',
    1_048_576,
    [1_048_576, 104_857_600],
  ),
  [`${OVERSIZED}.oversized.field.behavior`]: choice(
    'Oversized: what to do',
    'Whether a field that is too large is cut off or becomes null.',
    ['TRUNCATE', 'NULLIFY'],
  ),
  [`${OVERSIZED}.truncation.suffix`]: text('Oversized: suffix', 'What to write behind a value that was cut off.', {
    default: '',
  }),
  [`${OVERSIZED}.max.record.size.bytes`]: whole(
    'Oversized: largest record',
    'Bytes of a whole record from which on there is a warning; -1 for none.',
    -1,
    [-1, 104_857_600],
  ),
  [`${OVERSIZED}.semantic.types.exclude`]: text(
    'Oversized: types left alone',
    'Semantic types, with commas between them, whose values are never cut.',
    { default: 'io.debezium.data.Json,io.debezium.data.Xml' },
  ),
  [`${OVERSIZED}.replace.null.with.default`]: flag(
    'Oversized: nulls to defaults',
    'While fields are shrunk, a null becomes the default of its column.',
    true,
  ),
  'InsertTopicName.enabled': flag(
    'Insert topic name',
    'Adds the field _streamkap_topic to records. Transforms of the kind topic_router need it.',
    false,
  ),
};

/** Constant fields to add to the keys and values of records: `pairs` of each. */
export function staticFields(pairs: 1 | 2): VendorFields {
  const numbers = pairs === 1 ? ['1'] : ['1', '2'];
  const rows = numbers.flatMap((number) =>
    (['Key', 'Value'] as const).flatMap((part) => [
      [
        `transforms.InsertStatic${part}${number}.static.field`,
        text(`Static ${part.toLowerCase()} field ${number}`, `Name of a constant field to add to the ${PARTS[part]}.`),
      ] as const,
      [
        `transforms.InsertStatic${part}${number}.static.value`,
        text(`Static ${part.toLowerCase()} content ${number}`, `What that field of the ${PARTS[part]} holds.`),
      ] as const,
    ]),
  );
  return Object.fromEntries(rows);
}

const PARTS = { Key: 'message key', Value: 'message value' };

/** Both pairs, and the topics that get them. */
export const ENRICHED: VendorFields = {
  ...staticFields(2),
  'predicates.IsTopicToEnrich.pattern': text(
    'Topics to enrich',
    'Regular expression of the topics that get the static fields; $^ fits none.',
    { default: '$^' },
  ),
};
