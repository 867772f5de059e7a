import { renderDiagram } from '../postgres';
import type { Command } from './command';
import { ExitCode } from './exit-code';
import { writeJson } from './io';
import { readMigration, TOPOLOGY_OPTIONS } from './migration';

/** Draws a topology. */
export const diagramCommand: Command = {
  name: 'diagram',
  summary: 'draw a topology as a Mermaid diagram',
  usage: '(--topology FILE | --app DIR) [OPTIONS]',
  description: ['Prints a topology as the text of a Mermaid flowchart, for a README or a wiki.'],
  options: TOPOLOGY_OPTIONS,
  exitCodes: {
    [ExitCode.FINE]: 'the diagram was printed',
    [ExitCode.USAGE]: 'the command line or the topology cannot be understood',
  },
  async run(options, io) {
    const diagram = renderDiagram(readMigration(options, io).topology);
    if (options.flag('json')) writeJson(io.stdout, { diagram });
    else io.stdout.write(diagram);
    return ExitCode.FINE;
  },
};
