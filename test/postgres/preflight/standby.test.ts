import { createTopology, preflightChecks, serverOf } from '../../../lib/postgres';
import { withServers } from '../../servers';
import { hybridChain } from '../hybrid-chain';
import { look } from './lab';

test('a standby must find the directories of all tablespaces, and room for everything', async () => {
  await withServers([{}], async ([server]) => {
    if (server === undefined) throw new Error('withServers must give a server');
    const client = await server.client();
    await client.query('SET allow_in_place_tablespaces = on');
    await client.query(`CREATE TABLESPACE "Fast one" LOCATION ''`);
    await client.query('CREATE TABLE t (id int PRIMARY KEY) TABLESPACE "Fast one"');
    const { rows: made } = await client.query(
      `SELECT oid::text FROM pg_tablespace WHERE spcname = 'Fast one'`,
    );
    const oid = String(made[0].oid);
    const chain = hybridChain({ database: 'postgres' });
    const context = { topology: chain, server: 'onPremises' };
    const [found, ...others] = await look(client, context, 'tablespaces');
    expect(others).toEqual([]);
    expect(found).toMatchObject({
      severity: 'error',
      object: '"Fast one"',
      message: `tablespace "Fast one" of 'onPremises' must not be there, since 'standby' would need its directory "pg_tblspc/${oid}"; move what is in it to pg_default in every database, which locks each table while it is copied, and drop it`,
    });
    // DROP TABLESPACE runs in no transaction block, as several statements of one message would be.
    for (const statement of (found?.fix ?? '').split('\n')) await client.query(statement);
    expect(await look(client, context, 'tablespaces')).toEqual([]);

    const { rows } = await client.query(
      'SELECT (sum(pg_database_size(oid)) + (SELECT sum(size) FROM pg_ls_waldir()))::float8 / 2 ^ 30 AS gib FROM pg_database',
    );
    const gib = Number(rows[0].gib);
    const withVolume = (dataVolumeGiB: number) => ({
      ...context,
      topology: createTopology({
        ...chain,
        servers: {
          ...chain.servers,
          standby: { ...serverOf(chain, 'standby'), dataVolumeGiB },
        },
      }),
    });
    expect(preflightChecks(chain, 'onPremises').map(({ id }) => id)).not.toContain(
      'standby-volume',
    );
    expect(await look(client, withVolume(Math.ceil(gib / 0.8) + 1), 'standby-volume')).toEqual([]);
    // A test's server is smaller than the smallest volume, so that its size is told in its place.
    const check = preflightChecks(withVolume(100).topology, 'onPremises').find(
      ({ id }) => id === 'standby-volume',
    );
    expect(check?.evaluate([{ gib: 90 }], withVolume(100))).toEqual([
      {
        check: 'standby-volume',
        severity: 'warning',
        object: 'standby',
        message: `the databases and the log of 'onPremises' take 90.0 GiB, which leaves little to grow where 'standby' has a volume of 100 GiB; give it 'dataVolumeGiB' of at least 113`,
      },
    ]);
    expect(check?.evaluate([{ gib: 96 }], withVolume(100))).toEqual([
      {
        check: 'standby-volume',
        severity: 'error',
        object: 'standby',
        message: `the databases and the log of 'onPremises' take 96.0 GiB, for which 'standby' has a volume of 100 GiB; give it 'dataVolumeGiB' of at least 120`,
      },
    ]);
  });
});
