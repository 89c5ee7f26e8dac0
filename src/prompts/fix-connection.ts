import { getSource } from '../sources/get.ts';
import { listSources } from '../sources/list.ts';
import { definePrompt } from './define-prompt.ts';

export const fixConnectionPrompt = definePrompt({
  name: 'fix_connection',
  title: 'Mend a source that does not connect',
  description: 'Walks through the test report of a source to the one thing to do.',
  arguments: {
    source_id: {
      description: 'The source, as list_sources shows it.',
      required: true,
      complete: async (_, { services, call }) =>
        (await listSources(services, { limit: 100 }, call)).sources.map(({ id }) => id),
    },
  },
  text: async ({ source_id = '' }, { services, call }) => {
    const source = await getSource(services, { source_id }, call);
    const last =
      source.last_error === null
        ? 'Its last test did not fail.'
        : `Its last error: ${JSON.stringify(source.last_error)}`;
    return `The source ${JSON.stringify(source.name)} (${source.id}, ${source.connector}) is ${source.status}. ${last}

1. Call test_connection with source_id ${source.id}.
2. Take the first failed step. Tell me what it means, with its evidence, in one sentence.
3. If its actor is the user: tell me which fields to change, then call update_source with those fields alone. If the destination changes, credentials are needed again: ask me for references, never for the secret itself.
4. If its actor is somebody else: give me the text of handoff for them, ready to send, and stop there until they have done it.
5. Test again, and go on until the report is ok.`;
  },
});
