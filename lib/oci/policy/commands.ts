import { record } from './policy';

/** What runs on a host by SSH, or beside Pulumi itself. */
const COMMANDS = ['command:remote:Command', 'command:local:Command'];

/** Everything that a command runs, reads or finds in its environment, as text. A variable is `NAME=value`. */
export function commandTexts(
  type: string,
  props: Readonly<Record<string, unknown>>,
): Readonly<Record<string, string>> {
  if (!COMMANDS.includes(type)) return {};
  const { create, update, delete: removal, stdin } = props;
  const variables = Object.entries(record(props.environment)).map(
    ([name, value]): [string, unknown] => [
      `environment.${name}`,
      typeof value === 'string' ? `${name}=${value}` : value,
    ],
  );
  const texts = Object.entries({ create, update, delete: removal, stdin });
  return Object.fromEntries(
    [...texts, ...variables].flatMap(([what, text]) =>
      typeof text === 'string' ? [[what, text]] : [],
    ),
  );
}
