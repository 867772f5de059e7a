import { createTopology, LinkKind, Platform, renderRunbook } from '../../lib/postgres';

test.each([
  [Platform.RDS, 'those of Amazon RDS, `global-bundle.pem`,', 'cutover.wayBack.sslRootCert'],
  [Platform.EC2, 'those that sign for `green`', 'sslRootCert'],
])(
  'a superuser needs no rights for the way back from %s, but its certificates',
  (platform, roots, option) => {
    const database = 'shop';
    const topology = createTopology({
      servers: {
        blue: { platform: Platform.SELF_MANAGED, majorVersion: 15, database },
        green: { platform, majorVersion: 17, database },
      },
      links: [
        { kind: LinkKind.NATIVE, from: 'blue', to: 'green', selection: { schemas: ['shop'] } },
      ],
    });
    const runbook = renderRunbook(topology, { server: 'blue', administrator: 'Admin', hba: [] });
    expect(runbook).toContain(`## 4. The way back of a cutover

After a cutover \`blue\` follows \`green\` by a subscription, whose connection it opens itself: let it reach the port of \`green\`. It checks the certificate of \`green\` by root certificates in a file on its own host: put ${roots} where the server’s own user can read them, under the name that the deployment says in \`${option}\`.
`);
    expect(runbook).toContain('opens none itself but to `green` (subscription, after a cutover).');
  },
);
