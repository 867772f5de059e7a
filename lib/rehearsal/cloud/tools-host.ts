import type { Server, StandIn } from '../servers';

/** The tag of an instance that only has PostgreSQL's programs, and copies the schema of a source elsewhere. */
export const TOOLS_HOST_TAG = 'tag:pontoon:host';

/** What takes the place of that instance. */
export const TOOLS_HOST_STAND_IN: StandIn = {
  name: 'the EC2 instance that copies the schema',
  reason:
    'there is no EC2 on this machine, and its boot, which installs two packages, was not rehearsed',
  behaviours: [
    'has the programs of the higher major of the two servers',
    'reaches the source by TLS, with the login of the template',
  ],
};

/** What such a host is told of `source`, with the places of this machine. */
export function toolsEnvironment(
  { major, host, port, caCertificateFile }: Server,
  target: Server | undefined,
): Record<string, string> {
  return {
    MAJOR: String(Math.max(major, target?.major ?? major)),
    SOURCE_HOST: host,
    SOURCE_PORT: String(port),
    SOURCE_CA: caCertificateFile,
  };
}
