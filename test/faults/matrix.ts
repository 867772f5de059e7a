/** Whether everything is tried, as by `npm run test:faults`, and not only a sample. */
export const ALL: boolean = Reflect.get(globalThis, 'ALL_FAULTS') === true;

/** All of `cases`, or the `sample` of them. */
export function sampled<Case>(cases: readonly Case[], sample: (one: Case) => boolean): Case[] {
  return cases.filter((one) => ALL || sample(one));
}

/** From and to which major the long matrix cuts over. */
export const PAIRS: readonly (readonly [number, number])[] = ALL
  ? [
      [14, 14],
      [14, 18],
      [15, 16],
      [16, 16],
      [17, 17],
      [18, 18],
    ]
  : [[17, 17]];
