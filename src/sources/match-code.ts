import { randomInt } from 'node:crypto';

/** Short, told apart by ear, and nothing that offends. */
const WORDS = (
  'amber anchor apple arrow autumn badge bamboo basil beacon birch bison blossom bridge bronze cactus candle canyon cedar ' +
  'cherry clover cobalt comet copper coral cotton crane crystal daisy delta desert dragon eagle ember falcon feather fern ' +
  'forest garden ginger glacier granite harbor hazel heron indigo island ivory jasmine juniper lagoon lantern lemon lilac ' +
  'maple marble meadow mirror nectar oasis ocean olive orchid otter pearl pepper pine plum prairie quartz raven river saffron ' +
  'sage salmon sierra silver spruce summit sunset tiger topaz tulip valley velvet violet walnut willow winter zephyr'
).split(' ');

/** What a person compares between the conversation and the page: `maple-4821`. */
export function newMatchCode(): string {
  return `${WORDS[randomInt(WORDS.length)]}-${String(randomInt(10_000)).padStart(4, '0')}`;
}
