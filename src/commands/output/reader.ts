const COMMAND_OF: Readonly<Record<string, string>> = {
  list_connectors: 'headwater catalog',
  get_connector_schema: 'headwater schema',
  test_connection: 'headwater test',
  list_sources: 'headwater sources',
};

/** What is said to agents, to the person who reads a terminal: with commands in place of tools, and no third person. */
export function toReader(text: string): string {
  return text
    .replace(/\b[a-z]+(?:_[a-z]+)+\b/g, (word) => {
      const command = Object.hasOwn(COMMAND_OF, word) ? COMMAND_OF[word] : undefined;
      return command ? `\`${command}\`` : word;
    })
    .replace(/\b([Aa]) person must\b/g, (_, article: string) => (article === 'A' ? 'You must' : 'you must'));
}
