import { isManaged, serverOf } from '../topology';
import { cloudOf } from './cloud';
import { codeBlock } from './markdown';
import type { RunbookContext, Section } from './section';

/** How to see what is still missing. */
export function checkSection(context: RunbookContext): Section {
  const { topology, server } = context;
  const cloud = cloudOf(topology, [server, ...Object.keys(topology.servers)]);
  return {
    title: 'Check',
    paragraphs:
      cloud === 'oci'
        ? ofProgram(context)
        : ofAssembly(context, isManaged(serverOf(topology, server))),
  };
}

const READS =
  'This reads what you did and lists what is still missing, with the SQL that mends it:';

function ofAssembly({ server, port = 5432 }: RunbookContext, managed: boolean): string[] {
  const certificate = managed ? '"caCertificate": "aws-rds"' : '"caCertificateFile": "ca.pem"';
  return [
    READS,
    codeBlock('sh', `pontoon preflight --app cdk.out --bindings bindings.json --server ${server}`),
    `\`cdk.out\` is what \`cdk synth\` wrote. \`bindings.json\` says where the server is and how its certificate is checked, with name and password in \`PGUSER\` and \`PGPASSWORD\`: \`{"${server}": {"host": "…", "port": ${port}, "secret": "env:PG", ${certificate}}}\`.`,
    `The deployment runs the same checks, and stops before it changes anything. What you decide to live with, accept by the check's id: \`--accept CHECK\` here, \`preflight.accept\` of the migration there.`,
  ];
}

/** A program of Pulumi is no assembly: the topology is a file, and nobody but a person runs the checks. */
function ofProgram({ server, port = 5432 }: RunbookContext): string[] {
  return [
    READS,
    codeBlock(
      'sh',
      `pontoon preflight --topology topology.json --bindings bindings.json --server ${server}`,
    ),
    `\`topology.json\` is the file that this page was made from; the example’s README shows one. \`bindings.json\` says where the server is, by the name in its certificate, and how that is checked, with name and password in \`PGUSER\` and \`PGPASSWORD\`: \`{"${server}": {"host": "…", "port": ${port}, "secret": "env:PG", "caCertificateFile": "ca.pem"}}\`. Run it where the server can be reached, such as the runner host, which the first \`pulumi up\` makes before anything replicates.`,
    "The deployment does not run these checks: do it before you say `schemaCopied`. What you decide to live with, accept by the check's id: `--accept CHECK`.",
  ];
}
