/** The description of this API: GET /v1/openapi.json for machines, GET /docs for people. Open to all, made once. */
import type { Router } from 'express';
import { sendTagged } from '../answers.js';
import type { ApiDeps } from '../deps.js';
import { openApiDocument } from '../openapi/document.js';
import { documentPage, PAGE_POLICY } from '../openapi/page.js';
import { resource } from './resource.js';

/** It changes with the service's version only; and a client asks again anyhow. */
const CACHE = 'public, max-age=300';
/** Of this API; the package's version says more about the program than about this. */
const API_VERSION = '1.0.0';

export function docsRoutes(router: Router, deps: ApiDeps): void {
  const { maxAgeCeiling, auth } = deps.config;
  const document = openApiDocument({
    version: API_VERSION,
    maxAgeCeiling,
    withTokens: auth !== 'none',
  });
  const json = JSON.stringify(document);
  const page = documentPage(document);

  resource(router, '/v1/openapi.json', '/v1/openapi.json', {
    get: (req, res) => sendTagged(req, res, json, { cacheControl: CACHE }),
  });
  resource(router, '/docs', '/docs', {
    get: (req, res) => {
      res.setHeader('Content-Security-Policy', PAGE_POLICY);
      res.setHeader('X-Content-Type-Options', 'nosniff');
      res.setHeader('Referrer-Policy', 'no-referrer');
      sendTagged(req, res, page, { type: 'text/html; charset=utf-8', cacheControl: CACHE });
    },
  });
}
