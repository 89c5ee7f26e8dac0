import { VERSION } from '../version.ts';
import { GLOBAL_FLAGS } from './arguments.ts';
import type { Command } from './command.ts';
import { COMMANDS } from './index.ts';
import { type Output, proseWidth } from './output/output.ts';
import { table } from './output/table.ts';
import { wrap } from './output/text.ts';
import type { Parameter, Parameters } from './parameters.ts';

const INDENT = 2;

/** What `headwater --help` says. */
export function overview(out: Output): string[] {
  return [
    `${out.paint('bold', 'Headwater')} ${VERSION}: brings data sources into service, for AI agents and for you.`,
    '',
    `${out.paint('bold', 'Usage')}  headwater [COMMAND] [OPTION…]`,
    ...section(out, 'Commands', [
      ...Object.entries(COMMANDS).map(([name, { summary }]): Entry => [name, summary]),
      ['help', 'Show how a command is used: headwater help test'],
    ]),
    ...section(out, 'Options', globalFlags()),
    ...section(out, 'Exit codes', EXIT_CODES),
  ];
}

/** What `headwater COMMAND --help` says, from the command's own tables. */
export function helpOf(out: Output, name: string, { positionals, options, description, examples }: Command): string[] {
  const named: Parameters = Object.fromEntries(Object.values(positionals).map((each) => [each.placeholder, each]));
  return [
    `${out.paint('bold', 'Usage')}  ${usage(name, positionals, options)}`,
    '',
    ...wrap(description, proseWidth(out)),
    ...section(out, 'Arguments', entries(named, '')),
    ...section(out, 'Options', [...entries(options, '--'), ...globalFlags()]),
    ...lines(out, 'Examples', examples),
  ];
}

export function usage(name: string, positionals: Parameters, options: Parameters): string {
  const words = Object.values(positionals).map(({ placeholder = '', required }) =>
    required ? placeholder : `[${placeholder}]`,
  );
  const required = Object.entries(options).flatMap(([option, each]) =>
    each.required ? [`--${option} ${each.placeholder}`] : [],
  );
  return ['headwater', name, ...words, ...required, '[OPTION…]'].join(' ');
}

type Entry = [name: string, description: string];

const EXIT_CODES: Entry[] = [
  ['0', 'ok'],
  ['1', 'the thing asked for failed: a test is not ok, something was not found, the store cannot be opened'],
  ['2', 'the command line or a setting is wrong'],
];

function globalFlags(): Entry[] {
  return Object.entries(GLOBAL_FLAGS).map(([name, { short, description }]) => [
    short ? `--${name}, -${short}` : `--${name}`,
    description,
  ]);
}

function entries(parameters: Parameters, prefix: string): Entry[] {
  return Object.entries(parameters).map(([name, parameter]) => {
    const value = prefix === '' || parameter.placeholder === undefined ? '' : ` ${parameter.placeholder}`;
    return [prefix + name + value, explained(parameter)];
  });
}

function explained({ description, choices = [], required }: Parameter): string {
  const listed = choices.length > 1 ? ` One of ${choices.join(', ')}.` : '';
  return `${description}${listed}${required ? ' Required.' : ''}`;
}

function section(out: Output, title: string, rows: readonly Entry[]): string[] {
  if (rows.length === 0) return [];
  const columns = [
    { text: ([name]: Entry) => name, style: () => 'cyan' as const },
    { text: ([, description]: Entry) => description, fit: 'wrap' as const },
  ];
  const width = proseWidth(out);
  return ['', out.paint('bold', title), ...table({ ...out, width }, columns, rows, { indent: INDENT })];
}

function lines(out: Output, title: string, texts: readonly string[]): string[] {
  if (texts.length === 0) return [];
  return ['', out.paint('bold', title), ...texts.map((text) => ' '.repeat(INDENT) + text)];
}
