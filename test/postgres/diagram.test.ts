import * as fc from 'fast-check';
import {
  createTopology,
  LinkKind,
  Platform,
  renderDiagram,
  type TopologyProps,
  WalLevel,
} from '../../lib/postgres';

function chain(database: string, promoted?: boolean): TopologyProps {
  const majorVersion = 17;
  return {
    servers: {
      onPremises: {
        platform: Platform.SELF_MANAGED,
        majorVersion,
        database,
        walLevel: WalLevel.LOGICAL,
      },
      standby: { platform: Platform.EC2, majorVersion, database },
      orders: { platform: Platform.RDS, majorVersion, database },
    },
    links: [
      {
        kind: LinkKind.PHYSICAL,
        from: 'onPremises',
        to: 'standby',
        ...(promoted === undefined ? {} : { promoted }),
      },
      {
        kind: LinkKind.NATIVE,
        from: 'standby',
        to: 'orders',
        selection: { schemas: ['public'] },
      },
    ],
  };
}

test('draws servers and links, the physical ones thick', () => {
  expect(renderDiagram(createTopology(chain('shop')))).toBe(`flowchart LR
  s0[("onPremises<br/>self-managed<br/>PostgreSQL 17<br/>database shop")]
  s1[("standby<br/>Amazon EC2<br/>PostgreSQL 17<br/>database shop")]
  s2[("orders<br/>Amazon RDS<br/>PostgreSQL 17<br/>database shop")]
  s0 ==>|"streaming replication<br/>slot pontoon_standby"| s1
  s1 -->|"logical replication<br/>slot pontoon_orders"| s2
`);
});

test('says when streaming ends', () => {
  expect(renderDiagram(createTopology(chain('shop', true)))).toContain(
    's0 ==>|"streaming replication<br/>until promotion"| s1',
  );
});

test('writes what means something to Mermaid by its number', () => {
  const name = 'Größe "1"; <b>#x`|\n%%{init}%%';
  expect(renderDiagram(createTopology(chain(name)))).toContain(
    'database Größe #34;1#34;#59; #60;b#62;#35;x#96;#124;#10;#37;#37;#123;init#125;#37;#37;")]',
  );
});

test('no name ends a label or begins a line', () => {
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      names.filter((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63),
      (name) => {
        const lines = renderDiagram(createTopology(chain(name))).split('\n');
        expect(lines).toHaveLength(7);
        expect(lines.map((line) => line.split('"').length - 1)).toEqual([0, 2, 2, 2, 2, 2, 0]);
      },
    ),
  );
});
