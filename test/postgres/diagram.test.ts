import * as fc from 'fast-check';
import { createTopology, LinkKind, Platform, renderDiagram } from '../../lib/postgres';
import { hybridChain } from './hybrid-chain';

test('draws servers and links, the physical ones thick', () => {
  expect(renderDiagram(hybridChain())).toBe(`flowchart LR
  s0[("onPremises<br/>self-managed<br/>PostgreSQL 17<br/>database shop")]
  s1[("standby<br/>Amazon EC2<br/>PostgreSQL 17<br/>database shop")]
  s2[("aurora<br/>Amazon Aurora<br/>PostgreSQL 17<br/>database shop")]
  s0 ==>|"streaming replication<br/>slot pontoon_standby"| s1
  s1 -->|"AWS DMS<br/>slot pontoon_aurora"| s2
`);
});

test('names every platform and every kind of link', () => {
  const server = { majorVersion: 17, database: 'shop' };
  const topology = createTopology({
    servers: {
      a: { ...server, platform: Platform.RDS },
      b: { ...server, platform: Platform.AURORA },
    },
    links: [{ kind: LinkKind.NATIVE, from: 'a', to: 'b', selection: { schemas: ['public'] } }],
  });
  expect(renderDiagram(topology)).toBe(`flowchart LR
  s0[("a<br/>Amazon RDS<br/>PostgreSQL 17<br/>database shop")]
  s1[("b<br/>Amazon Aurora<br/>PostgreSQL 17<br/>database shop")]
  s0 -->|"logical replication<br/>slot pontoon_b"| s1
`);
});

test('says when streaming ends', () => {
  expect(renderDiagram(hybridChain({ promoted: true }))).toContain(
    's0 ==>|"streaming replication<br/>until promotion"| s1',
  );
});

test('writes what means something to Mermaid by its number', () => {
  const name = 'Größe "1"; <b>#x`|\n%%{init}%%';
  expect(renderDiagram(hybridChain({ database: name }))).toContain(
    'database Größe #34;1#34;#59; #60;b#62;#35;x#96;#124;#10;#37;#37;#123;init#125;#37;#37;")]',
  );
});

test('no name ends a label or begins a line', () => {
  const names = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(
      names.filter((name) => !name.includes('\0') && Buffer.byteLength(name) <= 63),
      (name) => {
        const lines = renderDiagram(hybridChain({ database: name })).split('\n');
        expect(lines).toHaveLength(7);
        expect(lines.map((line) => line.split('"').length - 1)).toEqual([0, 2, 2, 2, 2, 2, 0]);
      },
    ),
  );
});
