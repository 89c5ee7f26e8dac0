import { getSource } from '../sources/get.ts';
import { listSources } from '../sources/list.ts';
import { definePrompt, type PromptContext } from './define-prompt.ts';
import { has, numbered, WHO_TESTS, whoChanges } from './steps.ts';

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
  text: async ({ source_id = '' }, context) => {
    const source = await getSource(context.services, { source_id }, context.call);
    const last =
      source.last_error === null
        ? 'Its last test did not fail.'
        : `Its last error: ${JSON.stringify(source.last_error)}`;
    const steps = has(context, 'test_connection') ? mending(context, source.id) : handingOver(source.connector);
    return `The source ${JSON.stringify(source.name)} (${source.id}, ${source.connector}) is ${source.status}. ${last}

${numbered(steps)}`;
  },
});

function mending(context: PromptContext, id: string): string[] {
  const change = has(context, 'update_source')
    ? 'call update_source with those fields alone. If the destination changes, credentials are needed again: ask me for references, never for the secret itself.'
    : `write me a message that says so, ready to send, to ${whoChanges(context)}.`;
  return [
    `Call test_connection with source_id ${id}.`,
    'Take the first failed step. Tell me what it means, with its evidence, in one sentence. Where the report has causes, name the first and what speaks for it; call a cause certain only where the report does, and where several are possible ask me for what tell_apart of the first one says.',
    `If its actor is the user: tell me which fields to change, then ${change}`,
    'If its actor is somebody else: give me the text of handoff for them, whole and unchanged, ready to send (a script is to be run as it is; its roll-back stands at its end), and stop there until they have done it.',
    'Test again, and go on until the report is ok. What is left in warnings, say once, with its fix.',
  ];
}

/** For whoever may only look. */
function handingOver(connector: string): string[] {
  return [
    `Tell me in one sentence what that means; get_connector_schema of ${connector} says what its fields are.`,
    `My role may neither test nor change it. Write me a message, ready to send, to ${WHO_TESTS}: which source it is, what is wrong as far as it is known, and that it should be tested again.`,
    'Once they have done that, call get_source and tell me how it is.',
  ];
}
