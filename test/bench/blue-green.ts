import { rollbackOf } from '../../lib/postgres';
import { cutover, run } from '../../lib/runner';
import { Site, type SwitchedBy } from './blue-green-site';
import { type OutageBench, summary } from './outage-summary';

const RUNS = 5;

/**
 * Switches of a blue-green deployment under 500 writes a second, whose clients find it by the name `nlb-app` and
 * remember its record for as long as that allows. The name leads to a load balancer whose changes take a second: it is
 * switched by `pontoon cutover`, there and back by turns, and by the article's two changes, none of which is one of the
 * record. Or the name leads to the database itself, and `pontoon cutover` replaces the record.
 */
export async function benchBlueGreen(): Promise<readonly OutageBench[]> {
  return [
    await ours('pontoon, one change behind a fence', 'oci-network-load-balancer'),
    await theArticles(),
    await ours('pontoon, the DNS record behind a fence, TTL 5 s', 'oci-private-dns-record'),
  ];
}

async function ours(name: string, switchedBy: SwitchedBy): Promise<OutageBench> {
  const each: number[] = [];
  const site = await Site.open(switchedBy);
  try {
    const { lab, endpoint } = site;
    let plan = lab.plan();
    const rate = await site.settle();
    for (let one = 0; one < RUNS; one += 1) {
      await site.begin();
      const services = await lab.services();
      const request = { plan, owner: 'bench' };
      await cutover(request, { ...services, endpoint }).finally(() => services.close());
      each.push(await site.longest());
      const back = rollbackOf(plan);
      if (back === undefined) throw new Error('the plan must have a way back');
      lab.active = plan.to;
      plan = back;
    }
    return summary(name, each, rate, await site.lost());
  } finally {
    await site.close();
  }
}

/** Each run needs servers of its own, since it leaves no way back. */
async function theArticles(): Promise<OutageBench> {
  const each: number[] = [];
  let [lost, rate] = [0, 0];
  for (let one = 0; one < RUNS; one += 1) {
    const site = await Site.open('oci-network-load-balancer');
    try {
      rate = await site.settle();
      await site.begin();
      await articleFlip(site);
      each.push(await site.longest());
      lost += await site.lost();
    } finally {
      await site.close();
    }
  }
  return summary("the article's two changes, replication stopped before", each, rate, lost);
}

/**
 * "Scenario 3" of the article, in its order: replication is stopped, blue goes offline, green comes online. Its operator
 * needs no time to think, and the sequences, of which it says nothing, are far ahead on green. The outage that it puts
 * down to the TTL is none of it: `nlb-app` leads to the load balancer before and after.
 */
async function articleFlip(site: Site): Promise<void> {
  const { lab } = site;
  const { green } = lab;
  await green.admin.query('GRANT CONNECT ON DATABASE app TO PUBLIC');
  await green.admin.query(
    `SELECT setval('shop.orders_id_seq', 1000000000), setval('shop.customers_id_seq', 1000000000)`,
  );
  const text = 'DROP SUBSCRIPTION forward';
  await run(green.admin, { text, redacted: text });
  await site.flip(undefined);
  await site.flip('green');
  lab.active = green.name;
}
