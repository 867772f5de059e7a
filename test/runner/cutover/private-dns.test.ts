import { openEndpoint } from '../../../lib/endpoints';
import { type CutoverPlan, parseEndpoint, rollbackOf } from '../../../lib/postgres';
import { cutover, status } from '../../../lib/runner';
import { LocalOci } from '../../endpoints/oci-cloud';
import { CutoverLab } from './lab';
import { Resolver, untilForgotten } from './resolver';
import { contradictions, JournalWriter, untilWritten } from './writer';

const ZONE = 'ocid1.dns-zone.oc1..shop';
const VIEW = 'ocid1.dnsview.oc1..shop';
const NAME = 'nlb-app.postgres.local';
const TTL_SECONDS = 1;
/** The servers of a lab differ by their ports; each stands for an address. */
const SIDES = { blue: '10.0.1.10', green: '10.0.2.10' };

const endpoint = openEndpoint(
  parseEndpoint({
    kind: 'oci-private-dns-record',
    zoneId: ZONE,
    viewId: VIEW,
    recordName: NAME,
    ttlSeconds: TTL_SECONDS,
    sides: SIDES,
  }),
);
let oci: LocalOci;
let lab: CutoverLab;
beforeAll(async () => {
  oci = await LocalOci.start();
  oci.zones.put(ZONE, VIEW, NAME, [{ address: SIDES.blue, ttl: TTL_SECONDS }]);
  lab = await CutoverLab.start([15, 16]);
});
afterAll(async () => {
  await lab.stop();
  await oci.stop();
});

test('a cutover and its rollback replace the record, and lose no write of clients that remember it', async () => {
  const resolvers = [0, 1, 2, 3].map(() => new Resolver(records));
  const misled = new Set<string>();
  const writers = resolvers.map(
    (resolver, client) =>
      new JournalWriter(client, () => {
        const side = sideAt(resolver.address());
        if (side !== sideAt(records()[0]?.address)) misled.add(side);
        return { ...lab.application(), port: lab.side(side).server.port };
      }),
  );
  await untilWritten(writers, 50);
  const plan = lab.plan();
  const back = rollbackOf(plan);
  if (back === undefined) throw new Error('there is a way back');
  for (const one of [plan, back]) {
    // All ask behind the fence then, before the switch.
    await untilForgotten(resolvers);
    await switchBy(one);
    expect(records()).toEqual([{ address: SIDES[one.to as keyof typeof SIDES], ttl: TTL_SECONDS }]);
    await untilWritten(writers, 50);
    expect([...misled]).toEqual([one.from]);
    misled.clear();
  }
  await Promise.all(writers.map((writer) => writer.stop()));
  expect(await contradictions(lab.blue.admin, writers)).toEqual([]);
  expect(oci.endpoint.unknownCalls).toEqual([]);
});

async function switchBy(plan: CutoverPlan): Promise<void> {
  const services = { ...(await lab.services()), endpoint };
  const { result } = await cutover({ plan, owner: 'test' }, services);
  const found = await status({ plan }, services);
  await services.close();
  expect(result).toBe('opened');
  expect(found).toMatchObject({ phase: 'open', writer: plan.to, active: plan.to, gates: [] });
}

function records() {
  return oci.zones.find(ZONE, VIEW, NAME);
}

function sideAt(address: string | undefined): string {
  const side = Object.entries(SIDES).find(([, one]) => one === address);
  if (side === undefined) throw new Error(`no side is at ${address}`);
  return side[0];
}
