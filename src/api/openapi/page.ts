/**
 * The OpenAPI document as one page of HTML, made here: no script and no resource from anywhere, so it works offline and
 * under the strictest policy. Pure.
 */
import { createHash } from 'node:crypto';
import type { OpenApiDocument } from './document.js';

const STYLE = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{max-width:60rem;margin:0 auto;padding:1rem}
h1,h2,h3{line-height:1.2}
nav ul{columns:2 20rem;padding-left:1.2rem}
section{border-top:1px solid GrayText;margin-top:2rem;padding-top:.5rem}
code,pre{font:.9em/1.4 ui-monospace,monospace}
pre{overflow:auto;padding:.8rem;border:1px solid GrayText;border-radius:.3rem;max-height:30rem}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-bottom:1px solid GrayText}
.method{text-transform:uppercase;font-weight:700}
td p{margin:0 0 .3rem}
`;

/** The page's own style and nothing else. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

export function documentPage(document: OpenApiDocument): string {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .map(([method, operation]) => ({ path, method, operation: record(operation) })),
  );
  const title = text(document.info['title']);
  const contents = operations.map(
    ({ path, method, operation }) =>
      `<li><a href="#${text(operation['operationId'])}"><span class="method">${text(method)}</span> <code>${text(path)}</code></a></li>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${STYLE}</style></head>
<body><main><h1>${title} ${text(document.info['version'])}</h1>
<p>${text(document.info['summary'])}</p><p>${text(document.info['description'])}</p>
<p>The same for machines: <a href="/v1/openapi.json">OpenAPI 3.1</a>.</p>
<nav aria-label="Operations"><ul>${contents.join('')}</ul></nav>
${operations.map(operationSection).join('\n')}
<section><h2 id="schemas">Schemas</h2>${Object.entries(document.components.schemas)
    .map(([name, schema]) => `<h3 id="${text(name)}">${text(name)}</h3>${code(schema)}`)
    .join('')}</section>
</main></body></html>
`;
}

interface Shown {
  path: string;
  method: string;
  operation: Record<string, unknown>;
}

function operationSection({ path, method, operation }: Shown): string {
  const id = text(operation['operationId']);
  const parameters = list(operation['parameters']).map(record);
  const rows = parameters.map(
    (one) =>
      `<tr><td><code>${text(one['name'])}</code></td><td>${text(one['in'])}</td><td>${text(one['description'])} <code>${text(JSON.stringify(one['schema']))}</code></td></tr>`,
  );
  const body = record(record(record(operation['requestBody'])['content'])['application/json']);
  return `<section><h2 id="${id}"><span class="method">${text(method)}</span> <code>${text(path)}</code></h2>
<p>${text(operation['description'])}</p>
${rows.length === 0 ? '' : `<h3>Parameters</h3><table><tbody>${rows.join('')}</tbody></table>`}
${body['schema'] === undefined ? '' : `<h3>Body</h3>${example(body)}${code(body['schema'])}`}
<h3>Answers</h3><table><tbody>${Object.entries(record(operation['responses'])).map(answerRow).join('')}</tbody></table></section>`;
}

function answerRow([status, answer]: [string, unknown]): string {
  const of = record(answer);
  const content = Object.entries(record(of['content'])).map(([type, media]) => {
    const schema = record(record(media)['schema']);
    const name = text(schema['$ref']).replace(/^.*\//, '');
    const shown = name === '' ? '' : ` <a href="#${text(name)}">${text(name)}</a>`;
    return `<p><code>${text(type)}</code>${shown}</p>${example(record(media))}`;
  });
  const sentences = text(of['description']).split('\n\n');
  return `<tr><td>${text(status)}</td><td>${sentences.map((one) => `<p>${one}</p>`).join('')}${content.join('')}</td></tr>`;
}

function example(media: Record<string, unknown>): string {
  if (media['example'] === undefined) return '';
  return `<details><summary>Example</summary>${code(media['example'])}</details>`;
}

function code(value: unknown): string {
  return `<pre tabindex="0">${text(JSON.stringify(value, null, 2))}</pre>`;
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
function text(value: unknown): string {
  if (typeof value !== 'string') return typeof value === 'number' ? String(value) : '';
  return value.replace(/[&<>"]/g, (character) => ESCAPES[character] ?? character);
}
