import { App } from 'aws-cdk-lib';
import { AuroraToAuroraStack } from '../examples/aurora-to-aurora';
import { HybridMigrationStack } from '../examples/hybrid-migration';
import { HybridMigrationNativeStack } from '../examples/hybrid-migration-native';

const app = new App();
new HybridMigrationStack(app, 'HybridMigration');
new HybridMigrationNativeStack(app, 'HybridMigrationNative');
new AuroraToAuroraStack(app, 'AuroraToAurora');
app.synth();
