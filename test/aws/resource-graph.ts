import { referencesOf } from './template-references';

/** A template's resources, as far as these tests look at them. */
export interface PlainResource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
}

/** What waits for what in a template, by references and by DependsOn. */
export class ResourceGraph {
  public readonly resources: Readonly<Record<string, PlainResource>>;

  constructor(template: object) {
    this.resources = (template as { Resources: Record<string, PlainResource> }).Resources;
  }

  /** The logical ids of all resources of `type`. */
  public ofType(type: string): string[] {
    return Object.keys(this.resources).filter((id) => this.resources[id]?.Type === type);
  }

  /** The one resource of `type`, or of `type` with `match` in its logical id. */
  public only(type: string, match = ''): string {
    const found = this.ofType(type).filter((id) => id.includes(match));
    if (found.length !== 1) throw new Error(`expected one ${type} ${match}, got ${found.join()}`);
    return found[0] ?? '';
  }

  /** All that is there before `id` is made, and goes only after it is deleted. */
  public needs(id: string): ReadonlySet<string> {
    const seen = new Set<string>();
    const visit = (current: string): void => {
      for (const next of this.directNeeds(current)) {
        if (seen.has(next)) continue;
        seen.add(next);
        visit(next);
      }
    };
    visit(id);
    return seen;
  }

  /** The resources that wait for themselves. */
  public circles(): string[] {
    return Object.keys(this.resources).filter((id) => this.needs(id).has(id));
  }

  private directNeeds(id: string): string[] {
    const resource = this.resources[id];
    if (resource === undefined) return [];
    return [...[resource.DependsOn ?? []].flat(), ...referencesOf(resource.Properties)].filter(
      (next) => next in this.resources,
    );
  }
}
