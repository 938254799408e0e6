/** Bad input: said on stderr, exit 1. */
export class Refused extends Error {}
