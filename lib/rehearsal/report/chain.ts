import { type Html, html } from './html';
import type { RehearsalReport } from './report';

/** Platforms as people call them. */
const PLATFORMS: Readonly<Record<string, string>> = {
  'self-managed': 'a server of your own',
  ec2: 'an Amazon EC2 instance',
  aurora: 'an Amazon Aurora cluster',
  rds: 'an Amazon RDS instance',
  'oci-vm': 'a virtual machine of OCI',
  'oci-postgresql': 'an OCI Database with PostgreSQL',
};

/** The servers, in the order of the chain. */
export function chainSection({ servers, diagram }: RehearsalReport): Html {
  return html`<section aria-labelledby="servers">
<h2 id="servers">The servers</h2>
<ol class="chain">${servers.map(
    ({ name, platform, role, version }) =>
      html`<li><strong>${name}</strong><span>${role}</span><span>PostgreSQL ${version}</span><span class="quiet">in place of ${PLATFORMS[platform] ?? platform}</span></li>`,
  )}</ol>
${
  diagram === undefined
    ? undefined
    : html`<details><summary>The topology as a Mermaid diagram’s text</summary><pre>${diagram}</pre></details>`
}
</section>`;
}
