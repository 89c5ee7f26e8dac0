import type { PromptContext } from './define-prompt.ts';

/** The steps of a prompt; `has` and the others see to it that its reader can take them. */
export function numbered(steps: readonly string[]): string {
  return steps.map((step, index) => `${index + 1}. ${step}`).join('\n');
}

/** Whether the reader has all of these tools. A prompt names no others. */
export function has({ services }: PromptContext, ...tools: readonly string[]): boolean {
  return tools.every((tool) => services.isEnabled(tool));
}

/** Who connects to sources where the reader may not. */
export const WHO_TESTS = 'somebody with the role editor or admin';

/** Who changes sources where the reader may not. */
export function whoChanges({ readOnly }: PromptContext): string {
  return readOnly ? 'whoever runs this Headwater, which is read-only' : WHO_TESTS;
}
