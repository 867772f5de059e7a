import { LinkKind, Platform, type TopologyProps } from '../../lib/postgres';
import {
  type Answers,
  type RegisteredResource,
  recordProgram,
} from '../../lib/rehearsal/pulumi-program';

export const COMPARTMENT = 'ocid1.compartment.oc1..shop';
export const VCN = 'ocid1.vcn.oc1..shop';
export const SUBNET = 'ocid1.subnet.oc1..databases';

/** What a program registers, given what is in the cloud already. */
export function registered(
  program: () => unknown,
  answers: Answers = {},
): Promise<RegisteredResource[]> {
  return recordProgram({ project: 'shop', stack: 'dev', config: {}, answers }, program);
}

/** The only resource of that type. */
export function only(resources: readonly RegisteredResource[], type: string): RegisteredResource {
  const [one, ...others] = ofType(resources, type);
  if (one === undefined || others.length > 0)
    throw new Error(`there must be one '${type}', got ${others.length === 0 ? 'none' : 'several'}`);
  return one;
}

/** All resources of that type. */
export function ofType(
  resources: readonly RegisteredResource[],
  type: string,
): RegisteredResource[] {
  return resources.filter((resource) => resource.type === type);
}

/** What a program threw while it ran, as its message. */
export async function refusal(program: () => unknown, answers: Answers = {}): Promise<string> {
  try {
    await registered(program, answers);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the program must be refused, got none');
}

/** Two databases of OCI, of which the green one subscribes to the blue one. */
export function blueGreen(blue = 15, green = 16): TopologyProps {
  const database = 'shop';
  return {
    servers: {
      blue: { platform: Platform.OCI_POSTGRESQL, majorVersion: blue, database },
      green: { platform: Platform.OCI_POSTGRESQL, majorVersion: green, database },
    },
    links: [
      {
        kind: LinkKind.NATIVE,
        from: 'blue',
        to: 'green',
        selection: { schemas: ['public'] },
      },
    ],
  };
}
