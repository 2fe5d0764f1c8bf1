/**
 * One path with its methods: names the route for logs and metrics, answers OPTIONS, and 405 with Allow to what is
 * not there. HEAD goes the way of GET (Express does that; Node leaves the body out).
 */
import type { Request, Response, Router } from 'express';
import { ApiError } from '../errors.js';
import { contextOf } from '../request-context.js';

type Handler = (req: Request, res: Response) => Promise<void> | void;

/** `name` is what logs and metrics call it, e.g. "/v1/rollbacks". */
export function resource(
  router: Router,
  path: string,
  name: string,
  methods: { get?: Handler; post?: Handler; put?: Handler },
): void {
  const { get, post, put } = methods;
  const allow = [
    ...(get ? ['GET', 'HEAD'] : []),
    ...(post ? ['POST'] : []),
    ...(put ? ['PUT'] : []),
    'OPTIONS',
  ].join(', ');
  const route = router.route(path);
  route.all((_req, res, next) => {
    contextOf(res).route = name;
    next();
  });
  if (get) route.get(get);
  if (post) route.post(post);
  if (put) route.put(put);
  route.all((req, res) => {
    res.setHeader('Allow', allow);
    if (req.method === 'OPTIONS') {
      res.status(204).end();
      return;
    }
    throw new ApiError(
      'MethodNotAllowed',
      `The method ${req.method} is not allowed for this resource. Allowed are ${allow}.`,
    );
  });
}
