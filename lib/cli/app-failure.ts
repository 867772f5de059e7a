import { relative, resolve } from 'node:path';

/** What people need of the output of an app that failed. */
export interface AppFailure {
  /** What it said, without its trace if that can be told apart. */
  readonly shown: string;
  /** Whether there is more. */
  readonly shortened: boolean;
}

/** How much is shown of an output that holds no error of Node.js's. */
const SHOWN_CHARACTERS = 4000;

/** An error that nobody caught, as Node.js prints it: name, message of one or more lines, trace. */
const UNCAUGHT = /^(\w*(?:Error|Exception)(?: \[\w+\])?: [\s\S]*?)\n((?: {4}at .*(?:\n|$))+)/gm;

/** Where this library lies; a place in it says nothing about the app. */
const OWN_DIRECTORY = resolve(__dirname, '..');

/** Finds the error in what an app `said`, and the place in the app that it comes from. */
export function readAppFailure(said: string, directory: string): AppFailure {
  const text = said.trim();
  const uncaught = [...text.matchAll(UNCAUGHT)].at(-1);
  const [, message, trace = ''] = uncaught ?? [];
  if (message === undefined)
    return { shown: text.slice(-SHOWN_CHARACTERS), shortened: text.length > SHOWN_CHARACTERS };
  // Where the syntax is wrong stands before the error; its trace knows only who read the file.
  const excerpt = message.startsWith('SyntaxError') ? text.slice(0, uncaught?.index) : '';
  const place = trace.split('\n').map(placeInApp).find(Boolean);
  const lines = place === undefined ? [] : [`  at ${place.replace(`${directory}/`, '')}`];
  return {
    shown: [excerpt.slice(-SHOWN_CHARACTERS) + message, ...lines].join('\n'),
    shortened: true,
  };
}

/** What `frame` of a trace says, if it lies in the app: not in Node.js, in a package or in this library. */
function placeInApp(frame: string): string | undefined {
  const [, what = '', file = '', at = ''] = FRAME.exec(frame) ?? [];
  if (file === '' || file.includes('/node_modules/')) return undefined;
  if (!relative(OWN_DIRECTORY, file).startsWith('..')) return undefined;
  return `${what}${file}${at}`;
}

const FRAME = /^ {4}at (.*\()?(?:file:\/\/)?(\/.*)(:\d+:\d+\)?)$/;
