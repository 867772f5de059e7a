import type { BareTemplate } from '../bare-stack';
import type { PlainAlarm } from './monitoring';
import type { PlainTexts } from './stack';

/** Takes texts and tables out of what the library made, so that both synthesize as much text. */
export function plainTexts(template: BareTemplate, code: string): PlainTexts {
  const of = (type: string): Record<string, unknown> => {
    const found = Object.values(template.Resources).find(({ Type }) => Type === type);
    if (found?.Properties === undefined) throw new Error(`the template must hold a ${type}`);
    return found.Properties;
  };
  const task = of('AWS::DMS::ReplicationTask');
  const preflight = of('Custom::PontoonPreflight');
  const [rdsCertificates] = Object.values(template.Mappings ?? {});
  if (rdsCertificates === undefined) throw new Error('the template must hold certificates');
  return {
    code,
    bootScript: bootScript(of('AWS::EC2::LaunchTemplate')),
    schemaDocument: of('AWS::SSM::Document').Content,
    tableMappings: String(task.TableMappings),
    taskSettings: String(task.ReplicationTaskSettings),
    sourceCertificate: (preflight.connection as { caCertificate: string }).caCertificate,
    rdsCertificates,
    topology: String(preflight.topology),
    alarms: alarms(template),
  };
}

function bootScript(launchTemplate: Record<string, unknown>): readonly string[] {
  const { UserData: data } = launchTemplate.LaunchTemplateData as {
    readonly UserData: {
      readonly 'Fn::Base64': { readonly 'Fn::Join': readonly [string, unknown[]] };
    };
  };
  const [, parts] = data['Fn::Base64']['Fn::Join'];
  return parts.filter((part) => typeof part === 'string');
}

interface AlarmProperties {
  readonly AlarmDescription: string;
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: unknown }[];
  readonly Threshold: number;
}

function alarms({ Resources }: BareTemplate): readonly PlainAlarm[] {
  return Object.entries(Resources)
    .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
    .map(([id, { Properties }]) => {
      const alarm = Properties as unknown as AlarmProperties;
      return {
        id,
        text: alarm.AlarmDescription,
        namespace: alarm.Namespace,
        metricName: alarm.MetricName,
        dimensions: Object.fromEntries(
          alarm.Dimensions.map(({ Name, Value }) => [
            Name,
            typeof Value === 'string' ? Value : 'replication',
          ]),
        ),
        threshold: alarm.Threshold,
      };
    });
}
