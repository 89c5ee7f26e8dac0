import { REFERENCE_FORMS } from '../sources/inline-secrets.ts';
import { platformOf } from '../sources/services.ts';
import { definePrompt, type PromptContext } from './define-prompt.ts';
import { has, numbered, whoChanges } from './steps.ts';

export const onboardSourcePrompt = definePrompt({
  name: 'onboard_source',
  title: 'Bring a data source into service',
  description: 'Walks from a wish to a tested, created source.',
  arguments: {
    connector: {
      description: 'Which system, as a connector code or name.',
      required: false,
      complete: async (_, { services }) => (await platformOf(services, undefined).connectors()).map(({ code }) => code),
    },
    goal: { description: 'What the data is for.', required: false },
  },
  text: ({ connector, goal }, context) => `Bring a data source into service with Headwater.
${connector ? `The system: ${JSON.stringify(connector)}.` : 'Ask me which system it is.'}
${goal ? `What it is for: ${JSON.stringify(goal)}.` : ''}

${numbered([...PREPARING, ...finishing(context)])}`,
});

const PREPARING = [
  'list_connectors finds the connector; get_connector_schema shows what it needs.',
  `Ask me only for what is missing. Never ask me to type a secret into this chat: ask me to put it where Headwater can read it, and use a reference (${REFERENCE_FORMS}).`,
];

function finishing(context: PromptContext): string[] {
  if (!has(context, 'test_connection', 'discover_source')) {
    return [
      `My role may neither test connections nor create sources. Write me a message, ready to send, to ${whoChanges(context)}: what is wanted and what for, and the config, with references in place of secrets.`,
    ];
  }
  const create = has(context, 'create_source')
    ? ['create_source with the config that passed, a name I agree to, and an idempotency_key.']
    : [
        `Sources cannot be created here. Write me a message, ready to send, to ${whoChanges(context)}: the config that passed, with references in place of secrets.`,
      ];
  return [
    'test_connection. If a step fails, tell me the fix of that step in your words; if its actor is not the user, give me the text of handoff to pass on. Change only the fields it names, and test again.',
    ...create,
    'If the connector has it among its capabilities: discover_source, then tell me in two sentences what is there.',
  ];
}
