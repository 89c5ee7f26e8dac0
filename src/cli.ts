#!/usr/bin/env node
const args = process.argv.slice(2);

// Serving takes the shortest way: nothing of the other commands is loaded.
if (args.length === 0 || (args.length === 1 && args[0] === 'stdio')) {
  const { serve } = await import('./commands/stdio.ts');
  await serve();
} else {
  const { main } = await import('./commands/main.ts');
  await main(args);
}
