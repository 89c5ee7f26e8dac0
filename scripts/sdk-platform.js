// Takes the place of what the SDK brings along for Node. Its JSON Schema validator there, Ajv, is a third of the bundle
// and a seventh of the time to start; this is the SDK's own other one. It sees only what a person answers in a form.

export { default as process } from 'node:process';
export { CfWorkerJsonSchemaValidator as DefaultJsonSchemaValidator } from '@modelcontextprotocol/server/validators/cf-worker';
