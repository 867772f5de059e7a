import { recordProgram } from './record';

/** What a child process is told, beside the program in its arguments. */
export interface RecordRequest {
  readonly project: string;
  readonly stack: string;
  readonly config: Readonly<Record<string, string>>;
  /** The file of the program. */
  readonly main: string;
}

// Pulumi keeps what it is told in the process, so that one process records one program.
process.once('message', (request: RecordRequest) => {
  const { main, ...options } = request;
  recordProgram(options, () => runProgram(main)).then(
    (resources) => tell({ resources }),
    (error: unknown) => tell({ failure: error instanceof Error ? error.message : String(error) }),
  );
});

/** As Pulumi does: what a module exports may be a function that makes everything. */
async function runProgram(main: string): Promise<void> {
  const exported: unknown = await import(main);
  const made = Object(exported) as { readonly default?: unknown };
  const program = typeof exported === 'function' ? exported : made.default;
  if (typeof program === 'function') await (program as () => unknown)();
}

function tell(answer: object): void {
  process.send?.(answer, () => process.disconnect());
}
