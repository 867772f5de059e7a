import { dmsStandInBehaviours } from '../../../lib/rehearsal/dms';

/** A test of a behaviour that the stand-in says it reproduces. */
export function behaviour(name: string, test: () => Promise<void> | void): void {
  it(name, async () => {
    expect(dmsStandInBehaviours.map((one) => one.name)).toContain(name);
    await test();
  });
}
