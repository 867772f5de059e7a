import { recordOf } from '../assembly';
import {
  LoadBalancers,
  OciEndpointStandIn,
  ociCredentials,
  PrivateZones,
  VAULT_STAND_IN,
  Vault,
} from '../oci-cloud';
import { ocid } from '../pulumi-program/ocid';
import { randomPassword, type StandIn, type Superuser } from '../servers';
import { type RegisteredDeployment, resourcesOf } from './deployment';

const SECRET_TYPE = 'oci:Vault/secret:Secret';

/** What OCI puts a generated password in the place of. */
const GENERATED = '%GENERATED_PASSPHRASE%';

/** The services of OCI that a program's servers and their clients use, on this machine. */
export class OciPlace {
  public readonly balancers = new LoadBalancers();
  public readonly zones = new PrivateZones();
  private readonly vault = new Vault();
  private readonly used = new Set<string>();

  private constructor(
    private readonly deployment: RegisteredDeployment,
    private readonly endpoint: OciEndpointStandIn,
    /** The variables by which `pontoon` finds this place. */
    public readonly environment: Readonly<Record<string, string>>,
  ) {}

  /** Opens it, with the secrets that the program has OCI generate. */
  public static async open(deployment: RegisteredDeployment, directory: string): Promise<OciPlace> {
    const endpoint = await OciEndpointStandIn.start();
    const place = new OciPlace(deployment, endpoint, ociCredentials(directory, endpoint.url));
    for (const { routes } of [place.vault, place.balancers, place.zones]) endpoint.add(routes);
    for (const { name, given } of resourcesOf(deployment, SECRET_TYPE)) {
      const { secretTemplate } = recordOf(given.secretGenerationContext);
      if (typeof secretTemplate === 'string')
        place.generate(ocid(SECRET_TYPE, name), secretTemplate);
    }
    return place;
  }

  /** The login that the secret of a server holds; one for `username` is made up if it was there before. */
  public login(server: string, username: string): Superuser {
    const secretId = this.deployment.bindings[server]?.secret ?? '';
    const known = this.vault.find(secretId);
    const template = JSON.stringify({ username, password: GENERATED });
    const login = recordOf(JSON.parse(known ?? this.generate(secretId, template)));
    return { user: String(login.username), password: String(login.password) };
  }

  /** Every password that is kept here. */
  public passwords(): readonly string[] {
    return [...this.used];
  }

  /** What took the place of something. */
  public get standIns(): readonly StandIn[] {
    return [VAULT_STAND_IN];
  }

  /** Calls that nothing here answers. */
  public get unknownCalls(): readonly string[] {
    return this.endpoint.unknownCalls;
  }

  public async close(): Promise<void> {
    await this.endpoint.close();
  }

  private generate(secretId: string, template: string): string {
    const password = randomPassword();
    this.used.add(password);
    const text = template.replaceAll(GENERATED, password);
    this.vault.put(secretId, text);
    return text;
  }
}
