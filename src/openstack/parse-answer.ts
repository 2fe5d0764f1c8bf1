/** From an answer's text to checked data. An error names where it differs, and never quotes the answer. */
import type { z } from 'zod';
import { OpenStackBadAnswerError, type OpenStackService } from './errors.js';
import { callOf, type HttpAnswer } from './http.js';

export interface AnsweredRequest {
  service: OpenStackService;
  method: string;
  url: URL;
}

/** Throws OpenStackBadAnswerError. */
export function parseAnswer<S extends z.ZodType>(
  request: AnsweredRequest,
  answer: HttpAnswer,
  schema: S,
): z.output<S> {
  const value = parseJson(request, answer);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'the body' : issue.path.join('.');
  throw new OpenStackBadAnswerError(
    callOf(request),
    `at ${where}: ${issue?.message ?? 'unexpected'}`,
  );
}

function parseJson(request: AnsweredRequest, answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    const type = answer.header('content-type') ?? 'no content type';
    throw new OpenStackBadAnswerError(
      callOf(request),
      `status ${answer.status} with a body that is not JSON (${type.slice(0, 80)})`,
    );
  }
}
