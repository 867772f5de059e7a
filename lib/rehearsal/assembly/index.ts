export { type FileAsset, findAsset } from './assets';
export {
  type AssemblyStack,
  type CloudAssembly,
  findStack,
  readCloudAssembly,
  readTemplate,
} from './cloud-assembly';
export { type DynamicReference, resolveDynamicReferences } from './dynamic-references';
export { Evaluator } from './evaluator';
export { creationOrder, type DependencyGraph, dependencyGraph, reversed } from './graph';
export { isRecord, isScalar, kindOf, type PlainRecord, recordOf } from './plain-data';
export { type Scope, type StackIdentity, stackIdentity } from './scope';
export {
  parseTemplate,
  type Template,
  type TemplateOutput,
  type TemplateParameter,
  type TemplateResource,
} from './template';
