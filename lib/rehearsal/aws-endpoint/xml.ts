import { XMLBuilder, XMLParser } from 'fast-xml-parser';

/** A request to a service that speaks XML. */
export interface XmlRequest {
  readonly method: string;
  /** The path without its query. */
  readonly path: string;
  /** The parameters of the path, or of the form in the body. */
  readonly parameters: URLSearchParams;
  readonly body: string;
}

/** An operation that was asked for. */
export interface XmlCall {
  /** The service and the operation, such as `route53.GetChange`. */
  readonly target: string;
  /** Does it, and answers. An AwsServiceError is answered as the service's own. */
  readonly answer: () => string;
}

/** A service: the operation that a request asks for, or undefined if it is none of this service's. */
export type XmlService = (request: XmlRequest) => XmlCall | undefined;

const builder = new XMLBuilder({ ignoreAttributes: false, suppressEmptyNode: true });

/** Renders a document: an object's keys are elements, a list repeats its element. */
export function renderXml(document: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${builder.build(document)}`;
}

/** Parses a document with texts as they are; the elements named in `lists` are always lists. */
export function parseXml(text: string, lists: readonly string[]): unknown {
  return new XMLParser({
    parseTagValue: false,
    ignoreAttributes: true,
    ignoreDeclaration: true,
    isArray: (name) => lists.includes(name),
  }).parse(text);
}

/** An error as services answer it in XML. */
export function errorXml(status: number, code: string, message: string): string {
  const Type = status < 500 ? 'Sender' : 'Receiver';
  return renderXml({ ErrorResponse: { Error: { Type, Code: code, Message: message } } });
}
