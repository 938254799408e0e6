/**
 * What an unquoted scalar means to kubectl. It reads YAML with go-yaml v2, whose rules are those of YAML 1.1 in places: yes, no,
 * on, off, y and n are booleans, 0755 is octal, 1_000 a number; dates and `22:22` stay strings.
 * Source: sigs.k8s.io/yaml, goyaml.v2/resolve.go.
 */
export type Scalar = string | number | boolean | null;

const FIXED = new Map<string, Scalar>();
for (const word of ["", "~", "null", "Null", "NULL"]) FIXED.set(word, null);
for (const word of ["y", "yes", "on", "true"]) for (const form of cases(word)) FIXED.set(form, true);
for (const word of ["n", "no", "off", "false"]) for (const form of cases(word)) FIXED.set(form, false);
for (const word of [".nan", ".NaN", ".NAN"]) FIXED.set(word, Number.NaN);
for (const word of [".inf", ".Inf", ".INF"]) {
  FIXED.set(word, Number.POSITIVE_INFINITY).set(`+${word}`, Number.POSITIVE_INFINITY);
  FIXED.set(`-${word}`, Number.NEGATIVE_INFINITY);
}

/** yes, Yes, YES. */
function cases(word: string): readonly string[] {
  return [word, word.charAt(0).toUpperCase() + word.slice(1), word.toUpperCase()];
}

const INTEGER = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|([1-9]\d*|0))$/;
const FLOAT = /^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/;

/** The value of a plain scalar. NaN and infinities are returned as such: JSON has none, so the caller refuses them. */
export function resolvePlain(text: string): Scalar {
  const fixed = FIXED.get(text);
  if (fixed !== undefined) return fixed;
  if (!/^[-+.\d]/.test(text)) return text;
  const body = text.replaceAll("_", "");
  const match = INTEGER.exec(body);
  if (match !== null) {
    const [, sign, hex, binary, octal, oldOctal, decimal] = match;
    const eight = octal ?? oldOctal;
    const value =
      hex !== undefined
        ? parseInt(hex, 16)
        : binary !== undefined
          ? parseInt(binary, 2)
          : eight !== undefined
            ? parseInt(eight, 8)
            : Number(decimal);
    return sign === "-" && value !== 0 ? -value : value;
  }
  return FLOAT.test(body) ? Number(body) : text;
}

/** The value of a scalar with an explicit tag of YAML's own, or undefined when it does not fit the tag. */
export function resolveTagged(tag: string, text: string): Scalar | undefined {
  const value = resolvePlain(text);
  switch (tag) {
    case "int":
      return typeof value === "number" && Number.isInteger(value) ? value : undefined;
    case "float":
      return typeof value === "number" ? value : undefined;
    case "bool":
      return typeof value === "boolean" ? value : undefined;
    case "null":
      return value === null ? null : undefined;
    default:
      return text;
  }
}

/** A mapping key as JSON has it: `80:` is "80", and `on:` is "true", as kubectl makes of it. undefined: no key at all. */
export function keyText(value: Scalar): string | undefined {
  return value === null ? undefined : String(value);
}
