import { isRecord, recordOf } from '../assembly';
import { AwsServiceError } from '../aws-endpoint';

/** A command document, understood. */
export interface CommandDocument {
  /** The script, with `{{ name }}` where parameters go. */
  readonly script: string;
  /** Patterns by parameter. */
  readonly patterns: Readonly<Record<string, string>>;
  /** Seconds after which the script is stopped. */
  readonly timeoutSeconds: number;
}

/** Reads the content of an `AWS::SSM::Document`. */
export function readDocument(content: unknown): CommandDocument {
  const { parameters, mainSteps } = recordOf(content);
  const [step, ...others] = Array.isArray(mainSteps) ? mainSteps : [];
  const { action, inputs } = recordOf(step);
  const { runCommand, timeoutSeconds } = recordOf(inputs);
  if (action !== 'aws:runShellScript' || others.length > 0 || !Array.isArray(runCommand))
    throw new AwsServiceError(
      'InvalidDocumentContent',
      'the stand-in plays documents of one step aws:runShellScript only',
    );
  const patterns = Object.entries(recordOf(parameters)).map(([name, parameter]) => [
    name,
    String(recordOf(parameter).allowedPattern ?? ''),
  ]);
  return {
    script: runCommand.join('\n'),
    patterns: Object.fromEntries(patterns),
    timeoutSeconds: Number(timeoutSeconds ?? 3600),
  };
}

/** The script with its parameters, each of which must be known, given and match its pattern. */
export function fillIn({ script, patterns }: CommandDocument, given: unknown): string {
  const values = isRecord(given) ? given : {};
  for (const name of Object.keys(values)) {
    if (patterns[name] === undefined)
      throw new AwsServiceError('InvalidParameters', `Parameter "${name}" is not in the document`);
  }
  for (const [name, pattern] of Object.entries(patterns)) {
    if (!new RegExp(pattern).test(parameterOf(values, name)))
      throw new AwsServiceError(
        'InvalidParameters',
        `Parameter "${name}" does not match its pattern ${pattern}`,
      );
  }
  return script.replace(/\{\{\s*(\w+)\s*\}\}/g, (_all, name: string) => parameterOf(values, name));
}

function parameterOf(values: Readonly<Record<string, unknown>>, name: string): string {
  const value = values[name];
  return Array.isArray(value) ? value.join(',') : '';
}
