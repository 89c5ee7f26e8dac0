import type { App } from '../app.ts';
import type { Settings } from '../settings.ts';
import type { Output } from './output/output.ts';
import type { Parameters, Values } from './parameters.ts';

/** What a command ends with. */
export interface Outcome {
  /** What `--json` prints: the same shape as the tool of the same name answers with. */
  document: object;
  /** The same for a person, line by line. */
  lines: () => readonly string[];
  /** What is said beside it, on stderr, so that the lines can go into a file. */
  notes?: readonly string[];
  /** False where the thing asked for failed, although it could be asked. */
  ok?: boolean;
}

export interface Context {
  app: App;
  out: Output;
  /** Nothing but the document may be written. */
  json: boolean;
}

/** A command as data; its help is made from this. */
export interface CommandDefinition<P extends Parameters, O extends Parameters> {
  positionals: P;
  options: O;
  /** What it does, in a few sentences. */
  description: string;
  examples: readonly string[];
  /** What is said of arguments that are too many, in place of quoting them: one may be a secret. */
  surplus?: { message: string; hint: string };
  /** Settings that hold where the environment says nothing, if they are others than usual. */
  standard?: Pick<Settings, 'egress'>;
  run: (input: Values<P> & Values<O>, context: Context) => Promise<Outcome>;
}

/** A defined command. What `run` gets was read by its own tables (`arguments.ts`). */
export interface Command extends Omit<CommandDefinition<Parameters, Parameters>, 'run'> {
  run: (input: never, context: Context) => Promise<Outcome>;
}

export function defineCommand<const P extends Parameters, const O extends Parameters>(
  definition: CommandDefinition<P, O>,
): Command {
  return definition;
}
