/** What a Keystone token looks like, so that none stays in a text, whoever's it is. Pure. */

/** Fernet tokens begin so (base64 of version byte 0x80 and the time); JWS tokens are three parts behind "eyJ", of which the
 * first is short: without a bound a text of nothing but such beginnings would take hours. */
const TOKEN_TEXT = /gAAAAA[\w-]{20,}={0,2}|eyJ[\w-]{10,500}\.[\w-]{10,}\.[\w-]{10,}/g;
export const BLANK = '[redacted]';

export function withoutTokens(text: string): string {
  return text.replace(TOKEN_TEXT, BLANK);
}
