import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { IConstruct } from 'constructs';

/** Something that cdk-nag's `AwsSolutions` pack, or a reader of its suppressions, objects to. */
export interface Finding {
  /** The rule, with the finding in brackets where a rule has several: `AwsSolutions-IAM5[Resource::*]`. */
  readonly rule: string;
  /** The construct's path. */
  readonly path: string;
  /** What is wrong, or why the suppression does not count. */
  readonly problem: string;
}

// A reason explains only when it is a sentence; "ok" and "n/a" are not.
const FEWEST_WORDS = 4;

/** The findings of `AwsSolutions` that no suppression covers, and the suppressions without a reason. */
export function nagFindings(app: App): Finding[] {
  // Aspects and lazy values are settled only by a synthesis.
  app.synth();
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  const open = violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({
      rule: ruleName,
      path: constructPath ?? '',
      problem: description,
    })),
  );
  return [...open, ...unexplained(app)];
}

function unexplained(app: App): Finding[] {
  return app.node.findAll().flatMap((construct) =>
    suppressionsOf(construct)
      .filter(([, reason]) => reason.trim().split(/\s+/).length < FEWEST_WORDS)
      .map(([rule, reason]) => ({
        rule,
        path: construct.node.path,
        problem: `suppressed without a reason, got '${reason}'; say why in a sentence`,
      })),
  );
}

function suppressionsOf(construct: IConstruct): [string, string][] {
  return construct.node.metadata
    .filter((entry) => entry.type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
    .flatMap((entry) => Object.entries(entry.data as Record<string, string>))
    .map(([rule, reason]) => [rule.replace(/^annotation::/i, ''), String(reason)]);
}
