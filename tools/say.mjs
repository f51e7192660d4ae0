// Output of the tools: plain lines, so that a log reads like the terminal.

export const step = (text) => console.log(`> ${text}`);

/** Nothing can go on: one line that says what to do, and the end. */
export class Stop extends Error {}

/** Runs a command's main function; a Stop is a line, anything else is our fault and keeps its trace. */
export function command(main) {
  main().catch((error) => {
    console.error(error instanceof Stop ? `! ${error.message}` : error);
    process.exit(1);
  });
}

export const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;
