import { Construct } from 'constructs';
import { Problems, partNameProblem } from '../../postgres';
import { knownNameProblem } from './names';
import { type PostgresObjectProps, postgresObject } from './postgres-object';

/** A canary, and who may touch it. */
export interface CanaryProps extends PostgresObjectProps {
  /** Roles that copy and decode it, such as the one that a subscription logs in with. Changing it grants and revokes. */
  readonly readers: string[];
  /**
   * Roles that write it on the receiving server, such as that of AWS DMS. Changing it grants and revokes.
   *
   * @default - none
   */
  readonly writers?: string[];
  /**
   * Parts of the tables that are replicated apart, each with a canary of its own, since what arrives one way proves
   * nothing of another. Changing it makes and drops those of parts.
   *
   * @default - the tables are not dealt out
   */
  readonly parts?: string[];
}

/**
 * The one table of ours that is replicated: its row travels like any other, so that its arrival shows that everything
 * before it has arrived too. It must be on both ends, before what is published or subscribed to.
 */
export class Canary extends Construct {
  constructor(scope: Construct, id: string, props: CanaryProps) {
    super(scope, id);
    const { readers, writers = [], parts = [] } = props;
    const problems = new Problems();
    for (const [what, names] of Object.entries({ readers, writers })) {
      for (const [index, name] of names.entries()) {
        const problem = knownNameProblem(name, `${what}[${index}]`);
        if (problem !== undefined) problems.add(problem);
      }
    }
    for (const [index, part] of parts.entries()) {
      const problem = partNameProblem(part, `parts[${index}]`);
      if (problem !== undefined) problems.add(problem);
    }
    problems.throwIfAny(`canary '${id}'`);
    const spec = { kind: 'canary', readers, writers } as const;
    postgresObject(this, 'Canary', parts.length === 0 ? spec : { ...spec, parts }, props);
  }
}
