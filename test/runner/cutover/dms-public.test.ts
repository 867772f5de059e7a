import { DmsTablePreparation, renderTaskSettings } from '../../../lib/postgres';
import { cutover, finalize, status, verifyRows } from '../../../lib/runner';
import { DmsLab, selected, WRITER } from './dms-lab';
import type { LabServices } from './lab';

const SCHEMA = `CREATE TABLE public.items (id int PRIMARY KEY, name text);
GRANT ALL ON public.items TO app`;

const SELECTION = { schemas: ['public'] };

let dms: DmsLab;
let services: LabServices;
beforeAll(async () => {
  dms = await DmsLab.start(
    [selected('public', '%')],
    { blue: SCHEMA, green: `${SCHEMA}, ${WRITER}` },
    renderTaskSettings({ tablePreparation: DmsTablePreparation.DO_NOTHING }),
  );
  services = { ...(await dms.services()), connections: dms.lab.connections() };
});
afterAll(async () => {
  await services.close();
  await dms.stop();
});

const request = () => {
  const { skipVerification: _skipped, ...plan } = dms.plan({ selection: SELECTION });
  return { plan, owner: 'test' };
};

/** The gates that look at tables. */
const gates = async () =>
  Object.fromEntries(
    (await status(request(), services)).gates
      .filter(({ id }) => ['tables', 'schemas', 'rows'].includes(id))
      .map(({ id, status: is, found }) => [id, `${is}: ${found}`]),
  );

const tablesOn = async (schema: string): Promise<readonly unknown[]> =>
  (
    await dms.lab.green.admin.query(
      'SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY 1',
      [schema],
    )
  ).rows.map(({ name }) => name);

test('a cutover of schema public is not kept by the tables of the task, which go in the end', async () => {
  await dms.lab.blue.admin.query(`INSERT INTO public.items VALUES (1, 'one')`);
  await dms.arrived('SELECT FROM public.items');
  expect(await tablesOn('awsdms_control')).toEqual([
    'awsdms_apply_exceptions',
    'awsdms_txn_state',
    'awsdms_validation_failures_v1',
  ]);
  expect(await verifyRows(request(), services)).toEqual({
    same: 1,
    differs: [],
    unchecked: [],
    left: 0,
  });
  const open = 'open: as it must be';
  expect(await gates()).toEqual({ tables: open, schemas: open, rows: open });

  expect((await cutover(request(), services)).result).toBe('opened');
  await finalize(request(), services);
  const { rows } = await dms.lab.green.admin.query(
    `SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'awsdms%'`,
  );
  expect(rows).toEqual([]);
  expect(await tablesOn('public')).toEqual(['items']);
});

test('were they in public themselves, gates would be closed', async () => {
  const other = await DmsLab.start(
    [selected('public', '%')],
    {
      blue: SCHEMA,
      green: `${SCHEMA}, ${WRITER}; GRANT CREATE ON SCHEMA public TO ${WRITER}`,
    },
    { ...renderTaskSettings(), ControlTablesSettings: { ControlSchema: 'public' } },
  );
  const own = await other.services();
  const plan = other.plan({ selection: SELECTION });
  const found = await status({ plan }, own).finally(() => own.close());
  await other.stop();
  expect(found.gates.find(({ id }) => id === 'schemas')?.found).toMatch(
    /^on 'green': table public.awsdms_apply_exceptions is there only; /,
  );
});
