import type { Scope } from './scope';

/** What an intrinsic asks of the evaluation of the template that it stands in; `at` is where what it asks for stands. */
export interface Evaluation {
  readonly scope: Scope;
  /** The value of anything that can stand in a template. */
  value(value: unknown, at: string): unknown;
  /** Whether the condition `name` of the template holds. */
  condition(name: string, at: string): boolean;
  /** The truth of a condition function or of `{Condition: name}`. */
  truth(value: unknown, at: string): boolean;
  /** What `Ref: name` gives. */
  ref(name: string, at: string): unknown;
  /** What `Fn::GetAtt: [name, attribute]` gives. */
  attribute(name: string, attribute: string, at: string): unknown;
}
