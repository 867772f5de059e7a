/** One state, in the Amazon States Language. */
export type State = Readonly<Record<string, unknown>>;
